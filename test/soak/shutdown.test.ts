import { shutDown } from '../lock/shutdowns';
import { useServer } from '../support/Opener';

const server = useServer();

it('40 shutdowns of waiters begin no work after close and leave no lock behind', async () => {
    const { begunAfterClose, locksLeft, outcomes } = await shutDown(server, 40);
    process.stdout.write(
        `40 shutdowns: work begun after close ${begunAfterClose}; locks left behind ${locksLeft}; ` +
            `outcomes ${JSON.stringify(outcomes)}\n`,
    );
    expect({ begunAfterClose, locksLeft }).toEqual({ begunAfterClose: 0, locksLeft: 0 });
});
