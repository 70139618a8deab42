import { MemcachedClient } from 'pip-services4-memcached-node';
import { Traffic } from '../traffic/Traffic.mjs';
import { claim } from './claims.mjs';

/**
 * @typedef {import('../stage/Stage.mjs').Stage} Stage
 */

const PRODUCTS = 300;

/**
 * Adds a server to the fleet and removes it, and counts the keys that move.
 * @param {Stage} stage
 * @param {import('./Narrator.mjs').Narrator} narrator
 */
export async function fleetGrows(stage, narrator) {
    narrator.scene(
        'A fourth memcached joins and leaves, and only its share of the keys moves',
        'Both instances find it by the name in DNS. With four servers a fair share is 25 % of the keys.',
    );
    const traffic = new Traffic(stage, { perSecond: 100, products: PRODUCTS });
    await stage.sweep(PRODUCTS);
    traffic.start();
    try {
        const three = placesOf(stage);
        const join = await follow(stage, () => stage.grow());
        const four = placesOf(stage);
        const share = shareMoved(three, four);
        narrator.line('memcached-3 joins, used by both instances after', join.ms, 'they ask DNS once a second');
        narrator.line('keys that moved to it', percent(share), `${join.lookUps} look-ups for ${PRODUCTS} products`);
        const leave = await follow(stage, () => stage.shrink());
        narrator.line('memcached-3 leaves, used by no instance after', leave.ms, 'three answers of DNS without it');
        const back = shareMoved(four, placesOf(stage));
        narrator.line(
            'keys that moved back',
            percent(back),
            `${leave.lookUps} look-ups: their servers still had the values`,
        );
        claim(share > 0.1 && share < 0.45, `${percent(share)} of the keys moved`);
        claim(join.lookUps > 0, 'the new server did not get any key');
        claim(join.lookUps < PRODUCTS / 2, `${join.lookUps} of ${PRODUCTS} products were lost`);
    } finally {
        await traffic.stop();
    }
    claim(traffic.failed === 0, `${traffic.failed} requests failed: ${traffic.problem}`);
    narrator.shown(`none of ${traffic.answered} requests failed meanwhile`);
}

/**
 * Makes a change, then requests each product once. Returns how long the change took, and how many
 * products were not found.
 * @param {Stage} stage
 * @param {() => Promise<void>} change
 */
async function follow(stage, change) {
    const before = await stage.lookUps();
    const startMs = performance.now();
    await change();
    const ms = performance.now() - startMs;
    await stage.sweep(PRODUCTS);
    return { ms, lookUps: (await stage.lookUps()) - before };
}

/**
 * Returns the server of each product's key. The client is not open, as it only computes.
 * @param {Stage} stage
 */
function placesOf({ name, memcached: { servers } }) {
    const client = new MemcachedClient(servers.map(({ host, port }) => ({ host, port })));
    return Array.from({ length: PRODUCTS }, (_, index) => client.homeServer(`${name}:products:${index + 1}`).address);
}

/**
 * @param {readonly string[]} before
 * @param {readonly string[]} after
 */
function shareMoved(before, after) {
    return before.filter((server, index) => server !== after[index]).length / before.length;
}

/** @param {number} share */
function percent(share) {
    return `${(share * 100).toFixed(0)} %`;
}
