import { rollingRestart } from '../traffic/rollingRestart.mjs';
import { Traffic } from '../traffic/Traffic.mjs';
import { claim } from './claims.mjs';

const TRAFFIC = { perSecond: 100, products: 100 };

/**
 * Restarts all servers in turn while requests continue.
 * @param {import('../stage/Stage.mjs').Stage} stage
 * @param {import('./Narrator.mjs').Narrator} narrator
 */
export async function fleetRestarts(stage, narrator) {
    narrator.scene(
        'Three memcacheds restart in turn, and every request gets its answer',
        'Updates restart servers, and a restart loses values. 100 requests per second go on meanwhile.',
    );
    const traffic = new Traffic(stage, TRAFFIC);
    await stage.sweep(TRAFFIC.products);
    /** @type {import('../traffic/rollingRestart.mjs').Phase[]} */
    const phases = [];
    const fallbacks = await stage.fallbacks();
    traffic.start();
    try {
        narrator.titles();
        for await (const phase of rollingRestart(stage, traffic)) {
            phases.push(phase);
            narrator.measured(phase.name, phase);
        }
    } finally {
        await traffic.stop();
    }
    const unanswered = (await stage.fallbacks()) - fallbacks;
    narrator.line('calls that memcached did not answer', `${unanswered}`, 'they used the catalogue instead');
    const restarts = phases.slice(1, -1);
    claim(traffic.failed === 0, `${traffic.failed} requests failed: ${traffic.problem}`);
    for (const { name, misses, hitRate } of restarts) {
        claim(misses > 0, `${name}, but no request missed`);
        claim((hitRate ?? 0) > 0.5, `${name}, and more than half of the requests missed`);
    }
    narrator.shown('no request failed, and most products were still in the cache');
}
