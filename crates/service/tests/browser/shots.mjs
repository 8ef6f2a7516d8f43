// Screenshots of reports for a person to look at: node shots.mjs OUT_DIR REPORT.html...
import { basename, join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import { executable } from './chromium.mjs';

const [out, ...reports] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: executable(), args: ['--no-sandbox'] });
for (const report of reports) {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [390, 1280]) {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      await page.goto(`file://${resolve(report)}`);
      const path = join(out, `${basename(report, '.html')}-${width}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage: true });
      await page.close();
    }
  }
}
await browser.close();
