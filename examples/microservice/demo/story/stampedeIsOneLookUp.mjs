import { percentile } from '../traffic/percentile.mjs';
import { claim } from './claims.mjs';
import { milliseconds } from './Narrator.mjs';

/**
 * Shows that the service looks up an uncached product once for many callers.
 * @param {import('../stage/Stage.mjs').Stage} stage
 * @param {import('./Narrator.mjs').Narrator} narrator
 */
export async function stampedeIsOneLookUp(stage, narrator) {
    narrator.scene(
        '1,000 concurrent cold calls are one look-up',
        'A popular product expires, and all its callers miss. They must not overload the catalogue.',
    );
    const before = await stage.lookUps();
    const { calls, failed, ms, replies } = await stage.stampede(1000, '/products/815');
    const lookUps = (await stage.lookUps()) - before;
    const median = percentile(replies.map(reply => reply.ms), 50) ?? 0; // prettier-ignore
    narrator.line(
        `1,000 × GET /products/815, 500 at each instance`,
        ms,
        `all of them; half within ${milliseconds(median)}`,
    );
    narrator.line('look-ups in the catalogue, both instances together', String(lookUps));
    claim(failed === 0, `${failed} of ${calls} calls failed`);
    claim(new Set(replies.map(({ body }) => JSON.stringify(body))).size === 1, 'the answers differ');
    claim(lookUps === 1, `there were ${lookUps} look-ups`);
    narrator.shown('one call looked up the product, and the calls of both processes waited for it');
}
