import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { DemoProcess } from '../e2e/examples/DemoProcess';
import { Chromium } from './Chromium';
import { Page, type View } from './Page';

/** The path of the browser that `npm run test:page` has found. */
const { CHROMIUM } = process.env;
const pictures = resolve(__dirname, '../../node_modules/.cache/pip-services4-memcached/pictures');

const DESK: View = { width: 1280, height: 800, scheme: 'light' };
const VIEWS: Record<string, View> = {
    'desk-light': DESK,
    'desk-dark': { ...DESK, scheme: 'dark' },
    'phone-light': { width: 400, height: 800, scheme: 'light' },
    'phone-dark': { width: 400, height: 800, scheme: 'dark' },
};

let demo: DemoProcess;
let browser: Chromium;
let page: Page;

beforeAll(async () => {
    if (!CHROMIUM) throw new Error('run it by `npm run test:page`');
    mkdirSync(pictures, { recursive: true });
    demo = new DemoProcess(['--serve', '--port', '0']);
    browser = Chromium.start(CHROMIUM);
    page = await Page.open(browser, await demo.url(), DESK);
}, 90_000);

afterAll(async () => {
    await browser?.end();
    demo?.signalAll('SIGTERM');
    await demo?.outcome;
});

const state = (index: number) => `document.querySelector('#state-${index}')?.innerText`;

it('shows two servers that are up, and requests that hit the cache', async () => {
    await page.until(`${state(0)} === 'up' && ${state(1)} === 'up'`);
    expect(await page.text('#overall')).toBe('all memcacheds up');
    await page.until(`document.querySelectorAll('#ratio path, #latency path').length === 4`);
    const tiles = await page.text('#tiles');
    expect(tiles).toMatch(/Hit ratio\s+[\d.]+\s*%/);
    expect(tiles).toMatch(/Failed\s+0\b/);
});

it('updates the counts', async () => {
    const requests = `Number(/Requests\\s+([\\d,]+)/.exec(document.querySelector('#tiles').innerText)[1].replaceAll(',', ''))`;
    const before = await page.ask<number>(requests);
    await page.until(`${requests} > ${before} + 50`);
});

it('calls the loader once in a stampede', async () => {
    await page.click('#stampede');
    await page.until(`document.querySelector('#result').innerText.includes('all answered within')`);
    expect(await page.text('#result')).toMatch(/look-ups\s+1\s+calls\s+1,000\s+failed\s+0/);
    expect(await page.text('#events')).toContain('stampede: 1000 × GET /products/');
});

it('shows a killed server as down and a restarted server as up, without a failed request', async () => {
    await page.click('#kill-0');
    await page.until(`${state(0)} === 'down'`);
    expect(await page.ask(state(1))).toBe('up');
    expect(await page.text('#overall')).toBe('1 of 2 memcacheds down');
    expect(await page.ask(`document.querySelector('#kill-0').disabled`)).toBe(true);
    expect(await page.text('#restart-0')).toBe('Start again');
    await page.takePicture(`${pictures}/desk-light-down.png`);

    await page.click('#restart-0');
    await page.until(`${state(0)} === 'up'`);
    expect(await page.text('#restart-0')).toBe('Restart');
    expect(await page.text('#events')).toMatch(/up again[^]*down[^]*killed \(SIGKILL\)/);
    expect(await page.text('#tiles')).toMatch(/Failed\s+0\b/);
});

it('shows another pid after an immediate restart', async () => {
    const pid = `/pid \\d+/.exec(document.querySelectorAll('#servers .head')[1].innerText)?.[0]`;
    const before = await page.ask<string>(pid);
    await page.click('#restart-1');
    await page.until(`(${pid} ?? ${JSON.stringify(before)}) !== ${JSON.stringify(before)}`);
});

it.each(Object.entries(VIEWS))('fits the width of the screen: %s', async (name, view) => {
    await page.show(view);
    await page.until(`document.querySelectorAll('#ratio path').length === 2`);
    const [content, screen] = await page.ask<number[]>(`[document.documentElement.scrollWidth, innerWidth]`);
    expect(content).toBe(screen);
    await page.until(`document.querySelector('#ratio').viewBox.baseVal.width < innerWidth`);
    await page.takePicture(`${pictures}/${name}.png`);
});

it('logs nothing to the console', () => {
    expect(page.problems).toEqual([]);
});

it('reports that the demo has ended', async () => {
    demo.signalAll('SIGTERM');
    await demo.outcome;
    await page.until(`document.querySelector('#problem').innerText.includes('Has it ended?')`);
});
