import type { ProtocolChoice } from './schedule/makeProtocols';

interface Regression {
    readonly seed: number;
    readonly defect: string;
    /** The default is binary. */
    readonly protocol?: ProtocolChoice;
}

/** Seeds of schedules that have found a defect, with each defect. */
export const REGRESSIONS: readonly Regression[] = [
    { seed: 148978, defect: 'a server stayed down after a probe whose reply arrived late and in pieces' },
    { seed: 1187, defect: 'a write waited two request_timeouts behind a pending add' },
    { seed: 14720, defect: 'retrieveOrLoad returned a load although another process had stored a newer value' },
    { seed: 4367, defect: 'a call treated an orphaned lock as held' },
    { seed: 75, defect: 'a failed open left a timer of the server log running' },
    { seed: 1914, defect: 'a rejected batch left an unhandled rejection' },
    { seed: 1005192, defect: 'a store failed when the closing cache evicted its value before the reply' },
    { seed: 390, defect: 'an outage made a cache with tokens load an invalid key' },
    { seed: 8795, defect: 'a call failed when its server left the list during the token request' },
    { seed: 270, defect: 'a load compared its lease on the new server of its key' },
    { seed: 24095, defect: 'a removed server kept its sockets until another socket had connected' },
    { seed: 3038489, defect: 'a batch confirmed a value under the token of a removed server' },
    { seed: 299, defect: 'an update over meta applied its change twice', protocol: 'meta' },
    { seed: 20196, defect: 'a refused login over meta ended as a lost connection', protocol: 'meta' },
    // An earlier version of the checks reported these schedules wrongly.
    { seed: 6274, defect: 'an append under a token that a clear removed in the same millisecond' },
    { seed: 2028167, defect: 'an append that a server executed before a clear and again after it' },
    { seed: 16924, defect: 'a second loader beside a hanging one, on a server without CAS' },
    { seed: 3000235, defect: 'a load that had waited for a hanging loader of another process' },
    { seed: 13352, defect: 'an orphaned lock that an earlier call had left before the component closed' },
];
