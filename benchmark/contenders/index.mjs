/**
 * A client module exports `connect(port, setting)`, which resolves to
 *
 * - `encode(text)`: the text in the form the client stores at the least cost
 * - `get(key)`, `set(key, value)`, `getMany(keys)`: the client's own promise, or the thinnest wrapping of its callback
 * - `value(result)`: the value in the result of `get`, null or undefined for a miss; `isStored(result)`: of `set`
 * - `item(result, key, position)`: one value in the result of `getMany`
 * - `close()`
 *
 * and `setting`, `variants`: how it is measured, and what it was measured against to choose that.
 */
export const drivers = {
    ours: () => import('./ours.mjs'),
    memjs: () => import('./memjs.mjs'),
    memcached: () => import('./memcached.mjs'),
    'memcache-client': () => import('./memcache-client.mjs'),
    memcache: () => import('./memcache.mjs'),
    floor: () => import('./floor.mjs'),
};

export const rivals = ['memjs', 'memcached', 'memcache-client', 'memcache'];

/** Everybody in a run; `tag` keeps their keys apart. */
export async function contendersFor(scenario) {
    const list = [
        { id: 'ours-1', label: 'ours, pool of 1', kind: 'ours', tag: 'a', setting: { poolSize: 1 } },
        { id: 'ours-5', label: 'ours, pool of 5', kind: 'ours', tag: 'b', setting: { poolSize: 5 } },
    ];
    for (const [i, kind] of [...rivals, 'floor'].entries()) {
        const { settingFor } = await drivers[kind]();
        list.push({ id: kind, label: kind, kind, tag: 'cdefg'[i], setting: settingFor(scenario) });
    }
    return list;
}

/** The settings to choose from. */
export async function variantsOf(kind) {
    const { variants } = await drivers[kind]();
    return variants.map((setting, i) => ({
        id: `${kind}-${i}`,
        label: `${kind} ${JSON.stringify(setting)}`,
        kind,
        tag: 'hijklmno'[i],
        setting,
    }));
}
