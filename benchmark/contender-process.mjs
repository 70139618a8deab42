import { answerParent } from './answer.mjs';
import { openClientDriver } from './client-driver.mjs';
import { drivers } from './contenders/index.mjs';
import { openLockDriver } from './lock-driver.mjs';
import { storedIn } from './server/stores.mjs';

/**
 * The driver of one contender in one case. Its process lasts for all rounds of the case. No other
 * contender shares its JIT, garbage or CPU time. Its code is as optimised as in a service that has
 * run for a while.
 */
let driver;

answerParent({
    async prepare({ kind, port, setting, scenario, tag, store = 'memcached' }) {
        const { connect, openFloor } = await drivers[kind]();
        const open = async openDriver => {
            const stored = key => storedIn[store](port, key);
            return openDriver(await connect(port, setting), scenario, { tag, stored });
        };
        if (openFloor) driver = await openFloor(port, setting, scenario, tag);
        else driver = await open(scenario.verb === 'lock' ? openLockDriver : openClientDriver);
    },
    round: message => driver.round(message),
    close: () => driver.close(),
});
