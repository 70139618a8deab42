// One store of Keyv in its own process. It measures a round for each message of its parent.
// Arguments: name, port.
import { createRequire } from 'node:module';
import { stores } from './stores.mjs';

const KEYS = 1000;
const IN_FLIGHT = 64;

const require = createRequire(import.meta.url);
const [name, port] = process.argv.slice(2);
const { keyv: version, options, store } = stores[name];
const { Keyv } = require(version);
const keyv = new Keyv({ store: await store(port, name.replaceAll(/\W+/g, '-')), ...options });
keyv.on('error', error => {
    throw error;
});

const valueOf = i => ({ id: i, name: `User ${i}`, email: `user${i}@example.org`, roles: ['reader', 'writer'] });
for (let i = 0; i < KEYS; i++) await keyv.set(`user:${i}`, valueOf(i), 600_000);
for (let i = 0; i < KEYS; i++) {
    const found = await keyv.get(`user:${i}`);
    if (JSON.stringify(found) !== JSON.stringify(valueOf(i))) throw new Error(`${name} returned a wrong value`);
}
if ((await keyv.get('none')) !== undefined) throw new Error(`${name} returned a value for a miss`);

process.on('message', async ({ seconds }) => {
    const cpu = process.cpuUsage();
    const begun = performance.now();
    const end = begun + seconds * 1000;
    let gets = 0;
    const loop = async () => {
        while (performance.now() < end) {
            const i = gets++ % KEYS;
            if ((await keyv.get(`user:${i}`))?.id !== i) throw new Error(`${name} returned a wrong value`);
        }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, loop));
    const { user, system } = process.cpuUsage(cpu);
    process.send({ getsPerSecond: (gets / (performance.now() - begun)) * 1000, cpuMicros: (user + system) / gets });
});
process.send('ready');
