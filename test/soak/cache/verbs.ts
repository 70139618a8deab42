import type { Instance } from './Instance';
import type { Group } from './keys';

export type Verb = (cache: Instance, group: Group) => Promise<void>;

export const picker =
    (random: () => number) =>
    <T>(of: readonly T[]): T =>
        of[Math.floor(random() * of.length)]!;

/** Returns every command by kind of key. Instances call repeated commands and kinds more often. */
export function verbsOf(random: () => number): readonly (readonly Verb[])[] {
    const pick = picker(random);
    const some = <T>(of: readonly T[]): T[] => of.filter((_, i) => i === of.length - 1 || random() < 0.5);
    const rarely = (verb: Verb, otherwise: Verb): Verb => {
        return (cache, group) => (random() < 0.2 ? verb : otherwise)(cache, group);
    };

    const retrieve: Verb = (cache, { values }) => cache.retrieve(pick(values));
    const store: Verb = (cache, { values }) => cache.store(pick(values));
    const add: Verb = (cache, { values }) => cache.add(pick(values));
    const value: Verb[] = [
        retrieve,
        retrieve,
        (cache, { values }) => cache.retrieveMany(values),
        store,
        store,
        (cache, { values }) => cache.storeMany(some(values)),
        (cache, { values }) => cache.remove(pick(values)),
        rarely((cache, { values }) => cache.removeMany(some(values)), retrieve),
        add,
        add,
        (cache, { values }) => cache.update(pick(values)),
    ];

    const stale: Verb = (cache, { loads }) => cache.retrieveOrLoad(loads[0]!, true);
    const retrieveLoaded: Verb = (cache, { loads }) => cache.retrieve(pick(loads));
    const retrieveManyLoaded: Verb = (cache, { loads }) => cache.retrieveMany(loads);
    const load: Verb[] = [
        stale,
        stale,
        (cache, { loads }) => cache.retrieveOrLoad(loads[1]!, false),
        (cache, { loads }) => cache.retrieveOrLoad(loads[2]!, random() < 0.5),
        retrieveLoaded,
        retrieveManyLoaded,
        rarely((cache, { loads }) => cache.store(pick(loads)), retrieveLoaded),
        rarely((cache, { loads }) => cache.storeMany(some(loads)), retrieveManyLoaded),
        rarely((cache, { loads }) => cache.remove(pick(loads)), retrieveLoaded),
    ];

    const increment: Verb = (cache, { counter }) => cache.increment(counter);
    const count: Verb[] = [
        increment,
        increment,
        (cache, { counter }) => cache.retrieveCount(counter),
        (cache, { sum }) => cache.sum(sum),
        (cache, { sum }) => cache.retrieveCount(sum),
    ];
    return [value, value, value, load, load, load, load, count];
}
