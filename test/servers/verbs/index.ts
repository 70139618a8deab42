import type { Use } from '../Trial';
import { batchVerbs } from './batchVerbs';
import { cacheVerbs } from './cacheVerbs';
import { counterVerbs } from './counterVerbs';
import { itemVerbs } from './itemVerbs';
import { lockVerbs } from './lockVerbs';
import { serverVerbs } from './serverVerbs';
import { storeVerbs } from './storeVerbs';

/** Tests of verbs, by their name in the table. */
export type Verbs = Readonly<Record<string, (use: Use) => Promise<void>>>;

export const verbs: Verbs = {
    ...itemVerbs,
    ...storeVerbs,
    ...counterVerbs,
    ...batchVerbs,
    ...cacheVerbs,
    ...lockVerbs,
    // The last ones, because they flush the server.
    ...serverVerbs,
};
