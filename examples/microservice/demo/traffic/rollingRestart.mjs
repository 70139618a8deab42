import { setTimeout as delay } from 'node:timers/promises';
import { measure } from './measure.mjs';

/** How long each server is down. */
const DOWN_MS = 1000;
/** How long the traffic runs undisturbed before, between and after the restarts. */
const CALM_MS = 1000;

/**
 * @typedef {import('./measure.mjs').Measured & { name: string, seconds: number }} Phase
 */

/**
 * Kills and starts each server of the fleet in turn, while requests continue. Yields the
 * measurements of each phase.
 * @param {import('../stage/Stage.mjs').Stage} stage
 * @param {import('./Traffic.mjs').Traffic} traffic
 * @returns {AsyncGenerator<Phase>}
 */
export async function* rollingRestart(stage, traffic) {
    const fleet = /** @type {import('../stage/Fleet.mjs').Fleet} */ (stage.fleet);
    const phase = async (/** @type {string} */ name, /** @type {() => Promise<unknown>} */ work) => {
        const startMs = performance.now();
        await work();
        const seconds = (performance.now() - startMs) / 1000;
        return { name, seconds, ...measure(traffic.answersSince(startMs)) };
    };
    yield await phase('before', () => delay(CALM_MS));
    for (const [index, { name }] of fleet.servers.entries()) {
        yield await phase(`${name} restarts`, async () => {
            await fleet.kill(index);
            await delay(DOWN_MS);
            await fleet.start(index);
            await stage.settled();
            await delay(CALM_MS);
        });
    }
    yield await phase('afterwards', () => delay(2 * CALM_MS));
}
