import { claim } from './claims.mjs';

/** @type {Record<string, string>} */
const TOLD = { ran: 'ran it', taken: 'found the lock taken', done: 'found the job done' };

/**
 * Starts the same job on all instances at the same time.
 * @param {import('../stage/Stage.mjs').Stage} stage
 * @param {import('./Narrator.mjs').Narrator} narrator
 */
export async function oneRunsTheJob({ caller, instances }, narrator) {
    narrator.scene(
        'Two instances start the nightly job, and one runs it',
        'Every instance has the same timer. A lock in memcached lets one of them do the work.',
    );
    for (const night of ['2026-01-01', '2026-01-02', '2026-01-03']) {
        const runs = await Promise.all(instances.map(({ url }) => caller.post(`${url}/jobs/nightly/${night}`)));
        const outcomes = runs.map(({ body }) => body.outcome);
        const told = instances.map(
            ({ name }, index) => `${name} ${TOLD[outcomes[index]] ?? JSON.stringify(runs[index].body)}`,
        );
        narrator.line(`the job of ${night}`, Math.max(...runs.map(({ ms }) => ms)), told.join(', '));
        claim(outcomes.filter(outcome => outcome === 'ran').length === 1, 'the job did not run once');
        claim(
            outcomes.every(outcome => outcome in TOLD),
            'an instance failed',
        );
    }
    narrator.shown('one run per night, because its instance held the lock');
}
