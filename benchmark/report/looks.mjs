/** The chart of the clients, with the default settings. The tables show the other cases. */
export const clientsLook = {
    cases: ['get-100B@64', 'set-100B@64', 'getMany-100x100B@8', 'retrieve-100B@64'],
    ours: ['ours-5', 'cache-1000'],
    leftOut: ['ours-1', 'ours-meta', 'floor-meta', 'cache-0', 'cache-load', 'json'],
    labels: { 'ours-5': 'this package', 'cache-1000': 'MemcachedCache', 'memcached-json': 'memcached + JSON' },
    labelWidth: 140,
    note: 'floor: a socket that sends bytes made beforehand and only counts what comes back',
};

/** The chart of the alternatives. Hits in the memory of the process are no calls to a server. */
export const alternativesLook = {
    cases: ['get-100B@64', 'set-100B@64', 'getMany-50x100B@64', 'lock@64'],
    ours: ['ours', 'client'],
    leftOut: ['bentocache-memory', 'cacheable-memory'],
    labels: {},
    labelWidth: 168,
    note: 'this package on memcached, the others on Redis; clients keep objects as JSON',
};
