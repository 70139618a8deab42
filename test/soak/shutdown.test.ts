import { shutDown } from '../lock/shutdowns';
import { useServer } from '../support/Opener';

const server = useServer();

it('starts no work after close and leaves no lock behind in 40 shutdowns of waiters', async () => {
    const { begunAfterClose, locksLeft, outcomes } = await shutDown(server, 40);
    process.stdout.write(
        `40 shutdowns: work begun after close ${begunAfterClose}; locks left behind ${locksLeft}; ` +
            `outcomes ${JSON.stringify(outcomes)}\n`,
    );
    expect({ begunAfterClose, locksLeft }).toEqual({ begunAfterClose: 0, locksLeft: 0 });
});
