/** Seeds of schedules that once failed, and what they found. */
export const REGRESSIONS: readonly { readonly seed: number; readonly found: string }[] = [
    { seed: 8424, found: 'a server stayed down for ever after a probe whose reply came late and in pieces' },
    { seed: 1187, found: 'a write queued behind an add that was pending, for two request_timeouts' },
    { seed: 4216, found: 'retrieveOrLoad answered with a load after another process had stored a newer value' },
    { seed: 4367, found: 'a lock that an earlier call had left was taken for held' },
    { seed: 75, found: 'a connection that could not be opened left a timer of its log running' },
    { seed: 1914, found: 'a batch that was refused left a rejection without a handler' },
    { seed: 1005192, found: 'a store failed whose value was evicted before its reply, while the cache closed' },
    { seed: 390, found: 'with tokens an invalid key was loaded while its server was unavailable' },
    { seed: 8795, found: 'a call failed because its server left the list while it was asked for its token' },
    { seed: 270, found: 'a lease of a load was compared on the server that its key got meanwhile' },
    { seed: 24095, found: 'a server that had left kept its sockets for the time that a further one took to connect' },
    // What the checks took for wrong, and was not.
    { seed: 6274, found: 'an append under a token that was cleared in the same millisecond' },
    { seed: 2028167, found: 'an append that was carried out just before a clear, and repeated after it' },
    { seed: 16924, found: 'a second loader beside one that hangs, on a server without CAS' },
    { seed: 3000235, found: 'a load that had waited for a loader that hangs in another process' },
    { seed: 13352, found: 'a lock that an earlier call had left before the component was closed' },
];
