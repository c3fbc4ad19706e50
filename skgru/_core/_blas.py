"""What is known of the BLAS behind NumPy's products."""

from __future__ import annotations

from functools import cache

from threadpoolctl import ThreadpoolController

# What OpenBLAS calls its kernels for x86 with AVX-512. These include some that read small matrices
# where they lie, in float32 and float64.
WITH_SMALL_KERNELS = {"SkylakeX", "Cooperlake", "SapphireRapids"}


@cache
def controller() -> ThreadpoolController:
    """Return what knows and limits the threads of the libraries that are loaded."""
    return ThreadpoolController()  # looks through all of them: 20 ms


def is_fast_with_small_products() -> bool:
    """Return whether BLAS takes less time for several small products than for one of the same size.

    It is OpenBLAS `WITH_SMALL_KERNELS`, and has one thread: these kernels use no
    more, and two threads are about as fast with the whole as one is with blocks. Takes 2 us.
    """
    libraries = _libraries_with_small_kernels()
    return bool(libraries) and all(library.num_threads == 1 for library in libraries)


@cache
def _libraries_with_small_kernels() -> list:
    """Return all BLAS libraries if each has such kernels (SciPy may have its own), else none."""
    libraries = controller().select(user_api="blas").lib_controllers
    has_kernels = (
        library.internal_api == "openblas" and library.architecture in WITH_SMALL_KERNELS
        for library in libraries
    )
    return libraries if all(has_kernels) else []
