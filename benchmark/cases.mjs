const KIB = 1024;

/**
 * Returns a case of loops that request `keys` distinct keys in turn. One call counts `perCall`
 * times in the figures. The loop measures the latency of one of `sampleEvery` calls. `sampleEvery`
 * is coprime to 10, so that the mixed case also measures its sets.
 */
export const closedLoop = (verb, valueBytes, inFlight) => ({
    id: `${verb}-${size(valueBytes).replace(' ', '')}@${inFlight}`,
    title: `${verb} ${size(valueBytes)}, ${inFlight} in flight${inFlight === 1 ? ', client and server on one core' : ''}`,
    verb,
    valueBytes,
    inFlight,
    keys: valueBytes > 100 * KIB ? 16 : 1000,
    perCall: 1,
    sampleEvery: inFlight === 1 || valueBytes > 100 * KIB ? 1 : inFlight < 1000 ? 7 : 17,
    unit: 'calls/s',
    isOnOneCore: inFlight === 1,
});

function size(bytes) {
    return bytes < KIB ? `${bytes} B` : `${bytes / KIB} KiB`;
}

export const cases = [
    closedLoop('get', 100, 1),
    closedLoop('get', 100, 64),
    closedLoop('get', 100, 1000),
    closedLoop('set', 100, 1),
    closedLoop('set', 100, 64),
    closedLoop('set', 100, 1000),
    closedLoop('get', 10 * KIB, 64),
    closedLoop('get', 512 * KIB, 8),
    closedLoop('set', 512 * KIB, 8),
    {
        ...closedLoop('getMany', 100, 8),
        id: 'getMany-100x100B@8',
        title: '100 keys of 100 B in one call, 8 in flight',
        perCall: 100,
        sampleEvery: 1,
        unit: 'keys/s',
    },
    {
        ...closedLoop('mixed', 100, 64),
        id: 'mixed-100B@64',
        title: '90 % get, 10 % set, 100 B, 64 in flight',
    },
    {
        ...closedLoop('get', 100, 64),
        id: 'retrieve-100B@64',
        title: 'retrieve an object of 100 B, 64 in flight',
        isOfCache: true,
    },
    {
        ...closedLoop('set', 100, 64),
        id: 'store-100B@64',
        title: 'store an object of 100 B, 64 in flight',
        isOfCache: true,
    },
    {
        ...closedLoop('get', 100, 64),
        id: 'tls-get-100B@64',
        title: 'get 100 B, 64 in flight, with TLS and without',
        isOfTls: true,
    },
    {
        ...closedLoop('get', 100, 64),
        id: 'retrieve-prefix-100B@64',
        title: 'retrieve an object of 100 B under a prefix, with and without clear, 64 in flight',
        isOfCache: true,
        hasPrefix: true,
    },
    {
        ...closedLoop('set', 100, 64),
        id: 'store-prefix-100B@64',
        title: 'store an object of 100 B under a prefix, with and without clear, 64 in flight',
        isOfCache: true,
        hasPrefix: true,
    },
    {
        ...closedLoop('getMany', 100, 4),
        id: 'retrieveMany-1000x100B@4',
        title: 'retrieveMany of 1000 objects of 100 B, 4 in flight; the rivals answer text',
        perCall: 1000,
        sampleEvery: 1,
        unit: 'keys/s',
        isOfCache: true,
    },
    {
        ...closedLoop('setMany', 100, 1),
        id: 'storeMany-1000x100B@1',
        title: 'storeMany of 1000 objects of 100 B, and as many stores, 64 in flight',
        perCall: 1000,
        sampleEvery: 1,
        unit: 'keys/s',
        isOfCache: true,
        isOnOneCore: false,
    },
    ...[1, 64].map(inFlight => ({
        ...closedLoop('lock', 0, inFlight),
        id: `lock@${inFlight}`,
        title: `acquire and release a free lock, ${inFlight} in flight${inFlight === 1 ? ', client and server on one core' : ''}`,
        unit: 'locks/s',
    })),
    {
        id: 'small-beside-large',
        title: 'one get of 100 B each ms, while 4 gets and 4 sets move 512 KiB each',
        verb: 'interference',
        valueBytes: 100,
        keys: 1000,
        largeBytes: 512 * KIB,
        largeKeys: 16,
        inFlight: 8,
        perCall: 1,
        sampleEvery: 1,
        unit: 'calls/s',
    },
];
