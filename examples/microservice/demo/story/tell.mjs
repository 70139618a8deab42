import { fleetGrows } from './fleetGrows.mjs';
import { fleetRestarts } from './fleetRestarts.mjs';
import { oneRunsTheJob } from './oneRunsTheJob.mjs';
import { secondCallIsFast } from './secondCallIsFast.mjs';
import { stampedeIsOneLookUp } from './stampedeIsOneLookUp.mjs';

/**
 * @typedef {import('../stage/Stage.mjs').Stage} Stage
 * @typedef {import('./Narrator.mjs').Narrator} Narrator
 */

const ON_ANY_SERVER = [secondCallIsFast, stampedeIsOneLookUp, oneRunsTheJob];
const ON_OWN_SERVERS = [fleetRestarts, fleetGrows];

/**
 * Tells the whole story, scene by scene.
 * @param {Stage} stage
 * @param {Narrator} narrator
 */
export async function tell(stage, narrator) {
    await introduce(stage, narrator);
    for (const scene of ON_ANY_SERVER) await scene(stage, narrator);
    if (stage.given) {
        const { address, advice } = stage.given;
        const why = [`${address} is your server, which the demo does not kill.`, advice];
        narrator.leftOut('the rolling restart and the fourth server', why);
    } else {
        for (const scene of ON_OWN_SERVERS) await scene(stage, narrator);
    }
}

/**
 * Lists the processes.
 * @param {Stage} stage
 * @param {Narrator} narrator
 */
async function introduce(stage, narrator) {
    narrator.say('A small service in the ProcessContainer of Pip.Services, configured by');
    narrator.say('examples/microservice/config.yml. It has a catalogue that takes 300 ms per look-up,');
    narrator.say('a cache before it, and a lock for a nightly job.\n');
    const [{ servers }] = await stage.health();
    for (const { name, url, pid, protocol } of stage.instances) {
        narrator.process(name, url, `speaks ${protocol}`, `pid ${pid}`);
    }
    for (const { address, pid } of stage.memcached.servers) {
        const version = servers.find((/** @type {any} */ report) => report.address === address)?.version;
        const owner = pid === null ? 'not ours' : `pid ${pid}`;
        narrator.process('memcached', address, `version ${version ?? 'unknown'}`, owner);
    }
    for (const remark of remarksOn(stage)) narrator.say(remark);
}

/** @param {Stage} stage */
function remarksOn({ fleet, instances: [a, b] }) {
    const remarks = [];
    if (fleet) remarks.push(`The instances find the servers by ${fleet.uri}, in a DNS server of the demo.`);
    if (a.protocol !== b.protocol) {
        remarks.push("They speak memcached's two protocols, and share all values and locks.");
    }
    return remarks.map((remark, index) => `${index === 0 ? '\n' : ''}   ${remark}`);
}
