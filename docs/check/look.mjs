// Looks at every page of the built site in headless Chromium, on a screen and a phone, light and dark:
// takes screenshots, and fails where something overflows, breaks a rule of axe-core, asks the network for
// anything, or where the search finds nothing.
//
//   npm --prefix docs/check install && node docs/check/look.mjs [part of a page's path ...]
//
// CHROMIUM names the browser (default: /usr/bin/chromium); screenshots go to docs/_build/look.

import { mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
const site = resolve(here, "../_build/html");
const shots = resolve(here, "../_build/look");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const wanted = process.argv.slice(2);
const widths = { screen: 1280, phone: 390 };
const tallest = 12000; // pixels of a screenshot

function pagesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name.startsWith("_") ? [] : pagesIn(path);
    return entry.name.endsWith(".html") ? [path] : [];
  });
}

// Elements that reach beyond the right edge, but for what a box around them scrolls or cuts off.
function overflowing() {
  const scrolls = (element) => {
    for (let box = element.parentElement; box && box !== document.body; box = box.parentElement)
      if (getComputedStyle(box).overflowX !== "visible") return true;
    return false;
  };
  const edge = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= edge) return [];
  return [...document.body.querySelectorAll("*")]
    .filter((element) => element.getBoundingClientRect().right > edge + 1 && !scrolls(element))
    .map((element) => `${element.tagName.toLowerCase()}.${element.getAttribute("class")}`)
    .slice(0, 5);
}

async function brokenRules(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] }),
  );
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.target.join(" ")).join(", ")}`,
  );
}

async function look(page, path, kind, theme) {
  await page.goto(pathToFileURL(path).href);
  await page.waitForLoadState("load");
  const problems = (await page.evaluate(overflowing)).map((what) => `overflows: ${what}`);
  problems.push(...(await brokenRules(page)));
  const name = relative(site, path).replaceAll("/", "_").replace(".html", "");
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: widths[kind], height: Math.min(height, tallest) });
  await page.screenshot({ path: join(shots, `${name}_${kind}_${theme}.png`) });
  await page.setViewportSize({ width: widths[kind], height: 900 });
  return problems.map((problem) => `${relative(site, path)} (${kind}, ${theme}): ${problem}`);
}

async function search(page) {
  await page.goto(`${pathToFileURL(join(site, "search.html")).href}?q=early+stopping`);
  try {
    await page.waitForSelector("#search-results ul.search li", { timeout: 10000 });
    return [];
  } catch {
    return ["search.html: nothing found for early stopping"];
  }
}

const profile = mkdtempSync(join(tmpdir(), "look-"));
mkdirSync(shots, { recursive: true });
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const problems = [];
await context.route(/^https?:/, (route) => {
  problems.push(`asks the network: ${route.request().url()}`);
  return route.abort();
});
const pages = pagesIn(site).filter(
  (path) => !wanted.length || wanted.some((part) => relative(site, path).includes(part)),
);
for (const [kind, width] of Object.entries(widths))
  for (const theme of ["light", "dark"]) {
    const page = await context.newPage();
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await page.addInitScript((value) => {
      localStorage.setItem("mode", value);
      localStorage.setItem("theme", value);
    }, theme);
    for (const path of pages) problems.push(...(await look(page, path, kind, theme)));
    if (!wanted.length || wanted.includes("search")) problems.push(...(await search(page)));
    await page.close();
  }
await context.close();
rmSync(profile, { recursive: true, force: true });
console.log([...new Set(problems)].join("\n"));
console.log(`${pages.length} pages, ${new Set(problems).size} problems; screenshots in ${relative(".", shots)}`);
process.exit(problems.length ? 1 : 0);
