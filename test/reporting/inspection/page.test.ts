import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { inspect } from '../../../src/inspection/index.js';
import { renderInspection } from '../../../src/reporting/index.js';
import { builtIn, documents, oddCompressor } from '../../inspection/compressors.js';
import { findChromium, launchChromium, NO_BROWSER } from '../../support/browser.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const ATTACK = '</pre></script><script>document.title = "taken"</script><img src="x" onerror="document.title = 1">';

interface Excerpt {
  start?: number;
  end?: number;
}

async function pageOf(text: string, { start = 0, end = 4096 }: Excerpt = {}): Promise<string> {
  const compressors = [await builtIn('doublebyte'), await builtIn('halfbyte'), await builtIn('gzip')];
  const inspection = await inspect(documents(text), [...compressors, oddCompressor('opaque', {})], {
    range: { start, end },
    onFailure: 'throw',
  });
  return renderInspection(inspection, { source: 'a <b>.txt', madeBy: 'the test' });
}

describe('the page of an inspection', () => {
  it('refers to nothing outside itself', async () => {
    const page = await pageOf('abc');
    expect(page).not.toMatch(/\b(?:src|href)=|url\(|@import|https?:/);
    expect(page).toContain('default-src &#39;none&#39;');
  });

  it('escapes the text and its name', async () => {
    const page = await pageOf(ATTACK);
    expect(page).toContain('<title>Symbols of a &#60;b&#62;.txt</title>');
    expect(page).not.toContain('<img');
    expect(page.match(/<script/g)).toHaveLength(1);
  });

  it('shows statistics, and the first symbols of a compressor that does not say what they cover', async () => {
    const page = await pageOf('abcd');
    expect(page).toMatch(/<th scope="row">doublebyte.*?<td class="number">2<\/td><td class="number">2\.000<\/td>/);
    expect(page).toContain('<code>97 98 99 100</code>');
  });
});

const executable = findChromium();
if (executable === undefined) console.warn(`test/reporting/inspection/page.test.ts, in a browser. ${NO_BROWSER}`);

describe.skipIf(executable === undefined)('the page in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(executable!);
  });
  afterAll(() => browser.close());

  /** Opens the page of a text; the test fails if the browser reports anything, or asks for another file. */
  async function open(text: string, excerpt?: Excerpt): Promise<Page> {
    const file = join(temporaryDirectory(), 'page.html');
    writeFileSync(file, await pageOf(text, excerpt));
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => complaints.push(request.url()));
    onTestFinished(async () => {
      await page.close();
      expect(complaints).toEqual([pathToFileURL(file).href]);
    });
    await page.goto(pathToFileURL(file).href);
    return page;
  }

  const column = (page: Page, name: string): Locator => page.locator(`.column[data-name=${name}] pre`);
  const marked = (page: Page, name: string): Promise<string[]> => column(page, name).locator('.same').allTextContents();
  const detail = (page: Page): Promise<string[]> => page.locator('.detail dd').allTextContents();

  it('puts the compressors side by side', async () => {
    const page = await open('abcdefgh');
    const boxes = await Promise.all(['doublebyte', 'halfbyte'].map((name) => column(page, name).boundingBox()));
    expect(boxes[0]!.y).toBe(boxes[1]!.y);
    expect(boxes[1]!.x).toBeGreaterThan(boxes[0]!.x + boxes[0]!.width);
    expect(await column(page, 'doublebyte').locator('.even').allTextContents()).toEqual(['ab', 'ef']);
    expect(await column(page, 'doublebyte').locator('.odd').allTextContents()).toEqual(['cd', 'gh']);
  });

  it('shows the bytes of the symbol under the pointer, and marks them in the other columns', async () => {
    const page = await open('ab\ncd');
    expect(await page.locator('.detail').isVisible()).toBe(false);
    await column(page, 'doublebyte').locator('span').nth(1).hover();
    // 0x0a63, the second symbol of three.
    expect(await detail(page)).toEqual(['symbol 2659 (number 1)', '2 to 4 (2)', '0a 63', '\\nc']);
    expect(await column(page, 'doublebyte').locator('.current').allTextContents()).toEqual(['\\n\nc']);
    expect(await marked(page, 'halfbyte')).toEqual(['\\n\n', 'c']);
    expect(await marked(page, 'gzip')).toEqual(['\\n\n', 'c']);
    await column(page, 'halfbyte').locator('span').nth(0).hover();
    expect(await detail(page)).toEqual(['symbols 6 1 (numbers 0 to 1)', '0 to 1 (1)', '61', 'a']);
    expect(await marked(page, 'doublebyte')).toEqual(['ab']);
    await page.locator('h1').hover();
    expect(await page.locator('.detail').isVisible()).toBe(false);
    expect(await marked(page, 'doublebyte')).toEqual([]);
  });

  it('says of symbols that complete no byte where they stand', async () => {
    const page = await open('abc');
    await column(page, 'gzip').locator('span').last().hover();
    expect((await detail(page))[1]).toBe('none, before byte 3');
    expect(await marked(page, 'doublebyte')).toEqual([]);
  });

  it('shows what an excerpt has of a symbol at its edge', async () => {
    const page = await open('abcdef', { start: 1, end: 3 });
    await column(page, 'doublebyte').locator('span').first().hover();
    expect(await detail(page)).toEqual(['symbol 24930 (number 0)', '0 to 2 (2)', '… 62', 'b']);
    await column(page, 'doublebyte').locator('span').last().hover();
    expect(await detail(page)).toEqual(['symbol 25444 (number 1)', '2 to 4 (2)', '63 …', 'c']);
  });

  it('describes a symbol where that does not cover it', async () => {
    const page = await open('0123456789\n'.repeat(300));
    for (const y of [40, 680]) {
      const cell = column(page, 'doublebyte').locator('span').first();
      const { y: top } = (await cell.boundingBox())!;
      await page.evaluate(`window.scrollBy(0, ${top - y})`);
      await cell.hover();
      const [shown, pointedAt] = [await page.locator('.detail').boundingBox(), await cell.boundingBox()];
      expect(pointedAt!.y > 720 / 2, 'in the lower half').toBe(y > 720 / 2);
      const apart = shown!.y > pointedAt!.y + pointedAt!.height || shown!.y + shown!.height < pointedAt!.y;
      expect(apart, `a symbol at ${pointedAt!.y}, described at ${shown!.y}`).toBe(true);
    }
  });

  it('keeps the symbol that is clicked, moves on by arrow keys, and lets go on Escape', async () => {
    const page = await open('abcdef');
    await column(page, 'doublebyte').locator('span').first().click();
    await column(page, 'halfbyte').locator('span').last().hover();
    expect((await detail(page)).at(-1)).toBe('ab');
    await page.keyboard.press('ArrowRight');
    expect((await detail(page)).at(-1)).toBe('cd');
    expect(await marked(page, 'halfbyte')).toEqual(['c', 'd']);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    expect((await detail(page)).at(-1)).toBe('ab');
    await page.keyboard.press('Escape');
    expect(await page.locator('.detail').isVisible()).toBe(false);
  });

  it('can be read by the keyboard alone', async () => {
    const page = await open('abcdef');
    await column(page, 'doublebyte').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    expect((await detail(page)).at(-1)).toBe('cd');
  });

  it('scrolls the other columns to the same bytes, and the page not at all', async () => {
    const page = await open('0123456789\n'.repeat(300));
    const last = column(page, 'halfbyte').locator('span').last();
    await last.scrollIntoViewIfNeeded();
    const scrolled = () => page.evaluate('window.scrollY');
    const before = await scrolled();
    await last.hover();
    expect(await column(page, 'doublebyte').locator('.same').isVisible()).toBe(true);
    const frame = (await column(page, 'doublebyte').boundingBox())!;
    const mark = (await column(page, 'doublebyte').locator('.same').boundingBox())!;
    expect(mark.y).toBeGreaterThanOrEqual(frame.y);
    expect(mark.y + mark.height).toBeLessThanOrEqual(frame.y + frame.height);
    expect(await scrolled()).toBe(before);
  });

  it('runs nothing of the text', async () => {
    const page = await open(ATTACK);
    expect(await page.title()).toBe('Symbols of a <b>.txt');
    expect((await column(page, 'doublebyte').textContent())!).toBe(ATTACK);
  });
});
