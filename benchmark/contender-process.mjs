import { openClientDriver } from './client-driver.mjs';
import { drivers } from './contenders/index.mjs';
import { openLockDriver } from './lock-driver.mjs';

/**
 * The driver of one contender in one case. Its process lasts for all rounds of the case. No other
 * contender shares its JIT, garbage or CPU time. Its code is as optimised as in a service that has
 * run for a while.
 */
let driver;

const tasks = {
    async prepare({ kind, port, setting, scenario, tag }) {
        const { connect, openFloor } = await drivers[kind]();
        if (scenario.verb === 'lock') driver = await openLockDriver(connect, port, setting, scenario, tag);
        else
            driver = openFloor
                ? await openFloor(port, setting, scenario, tag)
                : await openClientDriver(connect, port, setting, scenario, tag);
    },
    round: message => driver.round(message),
    close: () => driver.close(),
};

process.on('message', async message => {
    try {
        process.send({ result: await tasks[message.task](message) });
    } catch (error) {
        process.send({ error: error instanceof Error ? error.message : String(error) });
    }
});
process.on('disconnect', () => process.exit());
process.on('SIGINT', () => {});
