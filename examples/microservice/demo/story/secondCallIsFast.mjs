import { claim } from './claims.mjs';
import { milliseconds } from './Narrator.mjs';

/**
 * Shows that the first call is slow and the second one fast, at the other instance too.
 * @param {import('../stage/Stage.mjs').Stage} stage
 * @param {import('./Narrator.mjs').Narrator} narrator
 */
export async function secondCallIsFast({ caller, instances: [a, b] }, narrator) {
    narrator.scene(
        'The first call is slow, the second is fast',
        'The catalogue takes 300 ms for each look-up. A cached product is there at once.',
    );
    const first = await caller.get(`${a.url}/products/4711`);
    narrator.line(`GET /products/4711 at ${a.name}`, first.ms, 'a miss: looked up in the catalogue, stored');
    const second = await caller.get(`${a.url}/products/4711`);
    narrator.line(`GET /products/4711 at ${a.name}`, second.ms, 'a hit');
    // This call opens the connection.
    await caller.get(`${b.url}/stats`);
    const other = await caller.get(`${b.url}/products/4711`);
    const same =
        a.protocol === b.protocol ? 'the instances share the cache' : `${a.protocol} and ${b.protocol} share the cache`;
    narrator.line(`GET /products/4711 at ${b.name}`, other.ms, `a hit: ${same}`);
    const replies = [first, second, other];
    claim(
        replies.every(({ status, body }) => status === 200 && body.number === 4711),
        `the answers were ${JSON.stringify(replies.map(({ status, body }) => [status, body]))}`,
    );
    const slowest = Math.max(second.ms, other.ms);
    claim(first.ms > 250, `the first call took ${milliseconds(first.ms)}, which is not slow`);
    claim(slowest < first.ms / 3, `a later call took ${milliseconds(slowest)}, which is not fast`);
    narrator.shown(`${Math.round(first.ms / second.ms)} times faster`);
}
