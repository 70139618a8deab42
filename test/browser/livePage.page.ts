import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { DemoProcess } from '../e2e/examples/DemoProcess';
import { Chromium } from './Chromium';
import { PALE_TEXTS } from './contrast';
import { Page, type View } from './Page';

/** The path of the browser that `npm run test:page` has found. */
const { CHROMIUM } = process.env;
const pictures = resolve(__dirname, '../../node_modules/.cache/pip-services4-memcached/pictures');

const DESK: View = { width: 1280, height: 800, scheme: 'light' };
const VIEWS: Record<string, View> = {
    'desk-light': DESK,
    'desk-dark': { ...DESK, scheme: 'dark' },
    tablet: { width: 820, height: 1100, scheme: 'light' },
    'phone-light': { width: 375, height: 800, scheme: 'light' },
    'phone-dark': { width: 375, height: 800, scheme: 'dark' },
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
}, 120_000);

afterAll(async () => {
    await browser?.end();
    demo?.signalAll('SIGTERM');
    await demo?.outcome;
});

const state = (index: number) => `document.querySelector('#state-${index}')?.innerText`;

it('shows three servers that are up, and requests that hit the cache', async () => {
    await page.until(`[0, 1, 2].every(index => document.querySelector('#state-' + index)?.innerText === 'up')`);
    expect(await page.text('#overall')).toBe('all memcacheds up');
    await page.until(`document.querySelectorAll('#hit-rate path, #latency path').length === 4`);
    const tiles = await page.text('#tiles');
    expect(tiles).toMatch(/Hit rate\s+[\d.]+\s*%/);
    expect(tiles).toMatch(/Failed\s+0\b/);
});

it('shows how the instances find the servers, their protocols and the version of each server', async () => {
    expect(await page.text('#uri')).toBe('memcached+srv://cache.test');
    for (const index of [0, 1, 2]) {
        const card = await page.text(`#servers article:nth-child(${index + 1})`);
        expect(card).toMatch(new RegExp(`memcached-${index}\\s+port \\d+ · version \\d+\\.\\d+\\S* · pid \\d+`));
        expect(card).toMatch(/seen by\s+products-a\s+products-b\s+protocol\s+binary\s+meta\b/);
    }
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

const outages = `[...document.querySelectorAll('#hit-rate .outage-label')].map(label => label.textContent)`;

it('shows a killed server as down and a restarted server as up, without a failed request', async () => {
    await page.click('#kill-0');
    await page.until(`${state(0)} === 'down'`);
    expect(await page.ask(state(1))).toBe('up');
    expect(await page.text('#overall')).toBe('1 of 3 memcacheds down');
    await page.until(`document.querySelector('#kill-0').disabled`);
    expect(await page.text('#restart-0')).toBe('Start again');
    expect(await page.ask(outages)).toEqual(['0']);
    await page.takePicture(`${pictures}/desk-light-down.png`);

    await page.click('#restart-0');
    await page.until(`${state(0)} === 'up'`);
    expect(await page.text('#restart-0')).toBe('Restart');
    expect(await page.text('#events')).toMatch(/up again[^]*down[^]*killed \(SIGKILL\)/);
    expect(await page.text('#tiles')).toMatch(/Failed\s+0\b/);
});

it('ends the mark of an outage when the server has started', async () => {
    const gap = `(() => {
        const { x, width } = document.querySelector('#hit-rate .outage').getBBox();
        return document.querySelector('#hit-rate').viewBox.baseVal.width - x - width;
    })()`;
    await page.until(`${gap} > 20`);
});

it('shows another pid after an immediate restart', async () => {
    const pid = `/pid \\d+/.exec(document.querySelectorAll('#servers article')[1].innerText)?.[0]`;
    const before = await page.ask<string>(pid);
    await page.click('#restart-1');
    await page.until(`(${pid} ?? ${JSON.stringify(before)}) !== ${JSON.stringify(before)}`);
    await page.until(`${state(1)} === 'up'`);
});

it('shows what a rolling restart does to requests', async () => {
    const before = await page.ask<string[]>(outages);
    await page.click('#rolling-restart');
    await page.until(`document.querySelector('#rolling').innerText.includes('In progress: rolling restart')`);
    expect(await page.ask(`['#kill-0', '#restart-0', '#grow'].every(id => document.querySelector(id).disabled)`)).toBe(
        true,
    );
    const rows = `[...document.querySelectorAll('#rolling tbody tr')].map(row => row.innerText.trim().split(/\\s*\\t\\s*/))`;
    await page.until(`${rows}.length === 5 && !document.querySelector('#rolling-restart').disabled`, 60_000);
    const phases = await page.ask<string[][]>(rows);
    const restarts = ['memcached-0 restarts', 'memcached-1 restarts', 'memcached-2 restarts'];
    expect(phases.map(([name]) => name)).toEqual(['before', ...restarts, 'afterwards']);
    for (const [, requests, failed, misses, hitRate, p50, p99] of phases) {
        expect(Number(requests)).toBeGreaterThan(0);
        expect(failed).toBe('0');
        expect(misses).toMatch(/^\d+$/);
        expect(hitRate).toMatch(/^[\d.]+ %$/);
        expect([p50, p99]).toEqual([expect.stringMatching(/^[\d.]+ ms$/), expect.stringMatching(/^[\d.]+ ms$/)]);
    }
    for (const [, , , misses] of phases.slice(1, 4)) expect(Number(misses)).toBeGreaterThan(0);
    expect(await page.ask(outages)).toEqual([...before, '0', '1', '2']);
    expect(await page.text('#tiles')).toMatch(/Failed\s+0\b/);
});

it('adds a fourth server, which both instances find, and removes it', async () => {
    await page.click('#grow');
    await page.until(`${state(3)} === 'up'`, 30_000);
    expect(await page.text('#servers article:nth-child(4)')).toMatch(/products-a\s+products-b\s+protocol/);
    await page.until(`document.querySelector('#shrink')?.disabled === false`);
    await page.takePicture(`${pictures}/desk-light-four.png`);
    await page.click('#shrink');
    await page.until(`document.querySelector('#grow')?.disabled === false`, 30_000);
    expect(await page.ask(`document.querySelectorAll('[id^=state-]').length`)).toBe(3);
    const marks = `[...document.querySelectorAll('#hit-rate .resize-label')].map(label => label.textContent)`;
    expect(await page.ask(marks)).toEqual(['+3', '−3']);
    expect(await page.text('#tiles')).toMatch(/Failed\s+0\b/);
});

it('describes the curves for readers who do not see them', async () => {
    const label = await page.ask<string>(`document.querySelector('#hit-rate').ariaLabel`);
    expect(label).toMatch(/^Hit rate over the last two minutes: [\d.]+ % now, [\d.]+ % at least$/);
    const unnamed = `[...document.querySelectorAll('button, svg')].filter(one => !(one.ariaLabel || one.textContent))`;
    expect(await page.ask(`${unnamed}.length`)).toBe(0);
});

it.each(Object.entries(VIEWS))('fits the width of the screen: %s', async (name, view) => {
    await page.show(view);
    await page.until(`document.querySelectorAll('#hit-rate path').length === 2`);
    const [content, screen] = await page.ask<number[]>(`[document.documentElement.scrollWidth, innerWidth]`);
    expect(content).toBe(screen);
    await page.until(`document.querySelector('#hit-rate').viewBox.baseVal.width < innerWidth`);
    expect(await page.ask(PALE_TEXTS)).toEqual([]);
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
