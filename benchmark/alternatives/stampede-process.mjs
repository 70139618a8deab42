import { setTimeout as sleep } from 'node:timers/promises';

import { answerParent } from '../answer.mjs';
import { drivers } from '../contenders/index.mjs';

const LOAD_MS = 50;

let client;
let keyOf;

answerParent({
    async prepare({ id, kind, port, setting }) {
        const { connect } = await drivers[kind]();
        client = await connect(port, setting);
        keyOf = number => `bench:${id}:stampede:${number}`;
    },
    /** Lets all callers of this process ask for the same missing value at once. */
    async round({ number, callers }) {
        const key = keyOf(number);
        let loads = 0;
        const load = async () => {
            loads++;
            await sleep(LOAD_MS);
            return { id: 1, text: key };
        };
        const cpu = process.cpuUsage();
        const values = await Promise.all(Array.from({ length: callers }, () => client.load(key, load)));
        const { user, system } = process.cpuUsage(cpu);
        if (values.some(value => value?.text !== key)) throw new Error('a caller got a wrong value');
        return { cpuMs: (user + system) / 1000, loads };
    },
    close: () => client.close(),
});
