import { percentile } from '../traffic/percentile.mjs';
import { claim } from './claims.mjs';
import { milliseconds } from './Narrator.mjs';

/**
 * @typedef {import('../stage/Stage.mjs').Stage} Stage
 * @typedef {import('../stage/Instance.mjs').Instance} Instance
 */

const PATH = '/products/4711';
/** The number of calls of a cached product. One alone may meet a busy moment of the machine. */
const CALLS = 9;

/**
 * Shows that the first call is slow and the others fast, at the other instance too.
 * @param {Stage} stage
 * @param {import('./Narrator.mjs').Narrator} narrator
 */
export async function secondCallIsFast(stage, narrator) {
    const [a, b] = stage.instances;
    narrator.scene(
        'The first call is slow, the others are fast',
        'The catalogue takes 300 ms for each look-up. A cached product is there at once.',
    );
    const first = await stage.caller.get(a.url + PATH);
    narrator.line(`GET ${PATH} at ${a.name}`, first.ms, 'a miss: looked up in the catalogue, stored');
    const here = await callAgain(stage, a);
    narrator.line(`${CALLS} more calls at ${a.name}, the median`, here, 'hits');
    const there = await callAgain(stage, b);
    const sharers = a.protocol === b.protocol ? 'the instances' : `${a.protocol} and ${b.protocol}`;
    narrator.line(`${CALLS} calls at ${b.name}, the median`, there, `hits: ${sharers} share the cache`);
    claim(first.status === 200 && first.cache === 'miss', `the first call was ${first.status}, a ${first.cache}`);
    claim(first.ms > 250, `the first call took ${milliseconds(first.ms)}, which is not slow`);
    const slowest = Math.max(here, there);
    claim(slowest < first.ms / 3, `later calls took ${milliseconds(slowest)}, which is not fast`);
    narrator.shown(`${Math.round(first.ms / here)} times faster`);
}

/**
 * Calls an instance for the product again and again. Returns the median of the times, in ms.
 * @param {Stage} stage
 * @param {Instance} instance
 */
async function callAgain({ caller }, { name, url }) {
    const replies = [];
    for (let call = 0; call < CALLS; call++) replies.push(await caller.get(url + PATH));
    claim(
        replies.every(({ status, body, cache }) => status === 200 && body.number === 4711 && cache === 'hit'),
        `${name} answered ${JSON.stringify(replies.map(({ status, body, cache }) => [status, body, cache]))}`,
    );
    return /** @type {number} */ (percentile(replies.map(({ ms }) => ms), 50)); // prettier-ignore
}
