/**
 * Calls commands of several caches at random, and reports the outcomes. The first message is a
 * `Start`.
 */
import { once } from 'node:events';
import { randomOf } from '../../support/random';
import { sleep } from '../../support/sleep';
import { Instance, type Shared } from './Instance';
import { someGroup } from './keys';
import { CLEAR_EVERY_MS, isClearTime, type Start } from './plan';
import { Recorder, tell } from './Recorder';
import { redirect } from './redirect';
import { picker, verbsOf } from './verbs';

const ACTORS = 24;
const LONGEST_PAUSE_MS = 10;

async function main(): Promise<void> {
    const [{ plan, number, proxies }] = (await once(process, 'message')) as [Start];
    redirect(proxies);
    const random = randomOf(`worker ${number}, round ${plan.round}`);
    const pick = picker(random);
    const verbs = verbsOf(random);
    let last = 0;
    const recorder = new Recorder();
    const shared: Shared = {
        servers: plan.servers,
        clears: plan.clears,
        recorder,
        random,
        // Processes with compression share values with processes without compression.
        compressMin: number % 2 === 0 ? 0 : 100,
        newValue: () => 1_000_000_000 * (number + 1) + ++last,
    };
    let isOver = false;
    const instances: Instance[] = [];

    async function renew(i: number, life: number): Promise<void> {
        const maxSize = [0, plan.maxSize, life % 2 === 0 ? 0 : plan.maxSize][i]!;
        const instance = new Instance(`${number}.${i}#${life}`, maxSize, shared);
        await instance.open();
        const old = instances[i];
        instances[i] = instance;
        await old?.close();
    }

    async function act(): Promise<void> {
        while (!isOver) {
            await pick(pick(verbs))(pick(instances), someGroup(random, plan));
            await sleep(random() * LONGEST_PAUSE_MS);
        }
    }

    async function renewNowAndThen(): Promise<void> {
        for (let life = 1; !isOver; life++) {
            await sleep(300 + random() * 1500);
            await renew(2, life);
        }
    }

    async function clearNowAndThen(): Promise<void> {
        while (!isOver) {
            await sleep(random() * 2 * CLEAR_EVERY_MS);
            if (isOver || !isClearTime(plan)) continue;
            tell({ clears: true });
            await pick(instances).clear();
        }
    }

    await Promise.all([renew(0, 0), renew(1, 0), renew(2, 0)]);
    tell({ ready: true });
    const work = [...Array.from({ length: ACTORS }, act), renewNowAndThen()];
    if (plan.clears) work.push(clearNowAndThen());
    void once(process, 'message').then(() => (isOver = true));
    await Promise.all(work);
    await Promise.all(instances.map(instance => instance.close()));
    recorder.end();
    process.disconnect();
}

void main();
