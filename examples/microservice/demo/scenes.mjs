import { setTimeout as delay } from 'node:timers/promises';
import { milliseconds } from './Narrator.mjs';
import { percentile } from './percentile.mjs';
import { Traffic } from './Traffic.mjs';

/**
 * @typedef {import('./Stage.mjs').Stage} Stage
 * @typedef {import('./Narrator.mjs').Narrator} Narrator
 */

/** The error of a scene whose claim does not hold. */
export class NotShown extends Error {}

/**
 * @param {boolean} holds
 * @param {string} problem
 */
function expect(holds, problem) {
    if (!holds) throw new NotShown(problem);
}

/**
 * Shows that the first call is slow and the second one fast, at the other instance too.
 * @param {Stage} stage
 * @param {Narrator} narrator
 */
export async function secondCallIsFast({ caller, instances: [a, b] }, narrator) {
    narrator.scene('The first call is slow, the second is fast');
    const first = await caller.get(`${a.url}/products/4711`);
    narrator.line(`GET /products/4711 at ${a.name}`, first.ms, 'a miss: looked up in the catalogue, stored');
    const second = await caller.get(`${a.url}/products/4711`);
    narrator.line(`GET /products/4711 at ${a.name}`, second.ms, 'a hit');
    // This call opens the connection.
    await caller.get(`${b.url}/stats`);
    const other = await caller.get(`${b.url}/products/4711`);
    narrator.line(`GET /products/4711 at ${b.name}`, other.ms, `a hit: the instances share the cache`);
    const replies = [first, second, other];
    expect(
        replies.every(({ status, body }) => status === 200 && body.number === 4711),
        `the answers were ${JSON.stringify(replies.map(({ status, body }) => [status, body]))}`,
    );
    const slowest = Math.max(second.ms, other.ms);
    expect(first.ms > 250, `the first call took ${milliseconds(first.ms)}, which is not slow`);
    expect(slowest < first.ms / 3, `a later call took ${milliseconds(slowest)}, which is not fast`);
    narrator.shown(`${Math.round(first.ms / second.ms)} times faster`);
}

/**
 * Shows that the service looks up an uncached product once for many callers.
 * @param {Stage} stage
 * @param {Narrator} narrator
 */
export async function stampedeIsOneLookUp(stage, narrator) {
    narrator.scene('1,000 concurrent cold calls are one look-up');
    const before = await stage.lookUps();
    const { calls, failed, ms, replies } = await stage.stampede(1000, '/products/815');
    const lookUps = (await stage.lookUps()) - before;
    const median = percentile(replies.map(reply => reply.ms), 50) ?? 0; // prettier-ignore
    narrator.line(
        `1,000 × GET /products/815, 500 at each instance`,
        ms,
        `all of them; half within ${milliseconds(median)}`,
    );
    narrator.line('look-ups in the catalogue, both instances together', String(lookUps));
    expect(failed === 0, `${failed} of ${calls} calls failed`);
    expect(new Set(replies.map(({ body }) => JSON.stringify(body))).size === 1, 'the answers differ');
    expect(lookUps === 1, `there were ${lookUps} look-ups`);
    narrator.shown('one call looked up the product, and the calls of both processes waited for it');
}

/**
 * Starts the same job on all instances at the same time.
 * @param {Stage} stage
 * @param {Narrator} narrator
 */
export async function oneRunsTheJob({ caller, instances }, narrator) {
    narrator.scene('Two instances start the nightly job, and one runs it');
    for (const night of ['2026-01-01', '2026-01-02', '2026-01-03']) {
        const runs = await Promise.all(instances.map(({ url }) => caller.post(`${url}/jobs/nightly/${night}`)));
        const outcomes = runs.map(({ body }) => body.outcome);
        const told = instances.map(
            ({ name }, index) => `${name} ${TOLD[outcomes[index]] ?? JSON.stringify(runs[index].body)}`,
        );
        narrator.line(`the job of ${night}`, Math.max(...runs.map(({ ms }) => ms)), told.join(', '));
        expect(outcomes.filter(outcome => outcome === 'ran').length === 1, 'the job did not run once');
        expect(
            outcomes.every(outcome => outcome in TOLD),
            'an instance failed',
        );
    }
    narrator.shown('one run per night, because its instance held the lock');
}

/** @type {Record<string, string>} */
const TOLD = { ran: 'ran it', taken: 'found the lock taken', done: 'found the job done' };

const PRODUCTS = 40;
const DOWN_MS = 1500;

/**
 * Kills a memcached and starts it again, empty, while requests continue.
 * @param {Stage} stage
 * @param {Narrator} narrator
 */
export async function restartIsNotNoticed(stage, narrator) {
    const { memcacheds } = stage;
    const [address] = memcacheds.addresses;
    narrator.scene('A memcached restarts under load, and the service keeps answering');
    /** @type {number[]} */
    const latencies = [];
    const onAnswer = (/** @type {import('./Traffic.mjs').Heard} */ { ms }) => latencies.push(ms);
    const traffic = new Traffic(stage, { perSecond: 100, products: PRODUCTS, onAnswer });
    await warmUp(stage, PRODUCTS);
    const before = await stage.lookUps();
    const startMs = performance.now();
    const at = () => `at ${((performance.now() - startMs) / 1000).toFixed(1)} s`;
    traffic.start();
    try {
        await delay(1000);
        const { pid } = memcacheds.states[0];
        await memcacheds.kill(0);
        narrator.line(`kill -9 ${pid} (memcached ${address})`, at(), 'its values are lost');
        await delay(DOWN_MS);
        expect(!(await stage.isHealed()), 'no instance noticed that memcached is down');
        await memcacheds.start(0);
        narrator.line(`restarted at the same port, empty`, at());
        await until(() => stage.isHealed(), 'the instances did not use memcached again');
        narrator.line('both instances use it again', at(), 'they probe it once a second');
        await delay(1000);
    } finally {
        await traffic.stop();
    }
    const [p50, p99, slowest] = [50, 99, 100].map(percent => percentile(latencies, percent) ?? 0);
    narrator.line(`${traffic.answered} requests meanwhile, 100 per second`, `${traffic.failed} failed`);
    narrator.line('half of them took at most', p50);
    narrator.line('99 % took at most', p99, 'these looked up a lost product');
    narrator.line('the slowest', slowest);
    narrator.line('look-ups', String((await stage.lookUps()) - before), 'for the lost values');
    expect(traffic.failed === 0, `${traffic.failed} requests failed: ${traffic.problem}`);
    expect(p50 < 150, `half of the requests took more than ${milliseconds(p50)}`);
    narrator.shown('no request failed, and most were as fast as ever');
}

/**
 * @param {Stage} stage
 * @param {number} products
 */
export async function warmUp({ caller, instances: [{ url }] }, products) {
    const paths = Array.from({ length: products }, (_, index) => `/products/${index + 1}`);
    await Promise.all(paths.map(path => caller.get(url + path)));
}

/**
 * @param {() => Promise<boolean>} isTrue
 * @param {string} problem
 */
async function until(isTrue, problem) {
    const deadline = performance.now() + 10_000;
    while (!(await isTrue())) {
        expect(performance.now() < deadline, problem);
        await delay(20);
    }
}
