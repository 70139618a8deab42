import { serverKinds } from './servers';
import { Trial } from './Trial';
import { verbs } from './verbs';

/**
 * Runs each verb against each kind of server. `npm run test:servers` prints a table of the results.
 * The names of the tests are its rows. The names of the blocks are its columns.
 */
describe.each(serverKinds())('$name', kind => {
    const trial = new Trial(kind);
    beforeAll(() => trial.open());
    afterAll(() => trial.end());

    for (const [name, verb] of Object.entries(verbs)) {
        const reason = kind.lacks[name];
        if (reason === undefined) it(name, () => verb(trial.use()));
        // A verb that works after all must leave the list.
        else it(`${name}: n/a, ${reason}`, () => expect(verb(trial.use())).rejects.toThrow());
    }
});
