// Looks at reports as people would, and says what is wrong: node check.mjs REPORT.html...
//
// Each report is opened on a phone and on a desk, in the light and in the dark scheme. It must load
// nothing, run nothing, log nothing, be no wider than the window, have no fault that axe knows of
// (WCAG 2.2 AA and good practice), hold all its sections, say the short of it without terms of art, and its
// plots must be readable: contrast, size and room of every text.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { executable } from './chromium.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const views = [390, 1280].flatMap((width) =>
  ['light', 'dark'].map((colorScheme) => ({ width, colorScheme })),
);

// What a report of each kind holds, by the first word of its heading.
const sections = {
  Backtest: 'short contact money early rivals trust figures drivers setup reading limits',
  Training: 'drivers fit setup card',
  Retention: 'short periods next cohorts way value second service campaigns quoted setup',
};

// Runs in the page.
function measure(sections) {
  const faults = [];
  const root = document.documentElement;
  const channel = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const luminance = (css) => {
    const [r, g, b] = css.match(/[\d.]+/g).map((v) => channel(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  if (root.scrollWidth > root.clientWidth) {
    faults.push(`is ${root.scrollWidth} px wide in a window of ${root.clientWidth}`);
  }
  if (document.scripts.length) faults.push(`holds ${document.scripts.length} scripts`);
  const kind = document.querySelector('h1').textContent.split(':')[0];
  for (const id of (sections[kind] ?? 'no-such-kind').split(' ')) {
    const heading = document.getElementById(id);
    if (!heading?.textContent.trim()) faults.push(`${kind} lacks the section ${id}`);
    else if (heading.closest('section').innerText.length < 100) faults.push(`the section ${id} is empty`);
  }
  const short = document.getElementById('short')?.closest('section');
  if (short) {
    const term = short.innerText.match(/\b(AUC|log-loss|ECE|Brier|lift|precision|recall|calibrat\w*|bootstrap\w*|percentiles?)\b/i);
    if (term) faults.push(`the short of it says ${term[0]}`);
    const fact = short.querySelector('.facts strong');
    if (!fact || fact.getBoundingClientRect().bottom > innerHeight) faults.push('the first fact is not on the first screen');
  }
  const page = getComputedStyle(document.body).backgroundColor;
  const plots = [...document.querySelectorAll('svg')];
  if (plots.length < 3) faults.push(`holds ${plots.length} plots`);
  for (const svg of plots) {
    const { left, right } = svg.getBoundingClientRect();
    const boxes = [];
    for (const text of svg.querySelectorAll('text')) {
      const words = `"${text.textContent.trim()}" in ${svg.querySelector('title').textContent}`;
      const ratio = contrast(getComputedStyle(text).fill, page);
      // Text on a bar or band has that as its ground; the palette keeps those apart by design.
      if (ratio < 4.5) faults.push(`contrast ${ratio.toFixed(1)} of ${words}`);
      const size = parseFloat(text.getAttribute('font-size')) * svg.getScreenCTM().a;
      if (size < 9) faults.push(`${size.toFixed(1)} px small: ${words}`);
      const box = text.getBoundingClientRect();
      if (box.left < left - 1 || box.right > right + 1) faults.push(`cut off: ${words}`);
      // Boxes are as high as a line, so words one above the other may touch by a fifth of one.
      const meets = (other) =>
        Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left) > 1 &&
        Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top) > 0.2 * box.height;
      const over = boxes.find(meets);
      if (over) faults.push(`lies over ${over.words}: ${words}`);
      boxes.push({ box, words });
    }
  }
  return faults;
}

async function look(browser, report, { width, colorScheme }) {
  const faults = [];
  const address = pathToFileURL(resolve(report)).href;
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  page.on('console', (line) => faults.push(`console: ${line.text()}`));
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (request.url() !== address) faults.push(`loads ${request.url()}`);
  });
  await page.goto(address);
  faults.push(...(await page.evaluate(measure, sections)));
  // Closed details hide their tables from axe.
  await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate((values) => axe.run({ runOnly: values }), tags);
  if (passes.length < 10) faults.push(`axe checked only ${passes.length} rules`);
  for (const { id, nodes } of violations) {
    faults.push(...nodes.map((node) => `${id}: ${node.html.slice(0, 120)}`));
  }
  await page.close();
  return faults;
}

const reports = process.argv.slice(2);
if (reports.length === 0) {
  console.error('usage: node check.mjs REPORT.html...');
  process.exit(2);
}
const browser = await chromium.launch({ executablePath: executable(), args: ['--no-sandbox'] });
let faulty = 0;
for (const report of reports) {
  for (const view of views) {
    const faults = await look(browser, report, view);
    const where = `${report} at ${view.width} px, ${view.colorScheme}`;
    console.log(faults.length ? `${where}:` : `${where}: sound`);
    for (const fault of faults) console.log(`  ${fault}`);
    faulty += faults.length > 0;
  }
}
await browser.close();
process.exit(faulty ? 1 : 0);
