import { closedLoop } from '../cases.mjs';

const KEYS_PER_CALL = 50;

/** Returns the name of a case's load, as the titles have it. */
const loadOf = inFlight => (inFlight === 1 ? '1 in flight, client and servers on one core' : `${inFlight} in flight`);

/** Returns a case of all packages with 1 and with 64 calls in flight. */
const onOneAndOn64 = (id, title, caseOf) =>
    [1, 64].map(inFlight => ({
        ...caseOf(inFlight),
        id: `${id}@${inFlight}`,
        title: `${title}, ${loadOf(inFlight)}`,
    }));

/** The cases in which all packages do the same work in closed loops. */
export const cases = [
    ...onOneAndOn64('get-100B', 'read an object of 100 B', inFlight => closedLoop('get', 100, inFlight)),
    ...onOneAndOn64('set-100B', 'store an object of 100 B', inFlight => closedLoop('set', 100, inFlight)),
    ...onOneAndOn64(
        `getMany-${KEYS_PER_CALL}x100B`,
        `read ${KEYS_PER_CALL} objects of 100 B in one call`,
        inFlight => ({
            ...closedLoop('getMany', 100, inFlight),
            perCall: KEYS_PER_CALL,
            sampleEvery: 1,
            unit: 'keys/s',
        }),
    ),
    {
        ...closedLoop('get', 10 * 1024, 64),
        title: 'read an object of 10 KiB, 64 in flight',
    },
    ...onOneAndOn64('load-100B', 'load-through of an object of 100 B, hit', inFlight => ({
        ...closedLoop('get', 100, inFlight),
        isLoadThrough: true,
    })),
    ...onOneAndOn64('lock', 'acquire and release a free lock', inFlight => ({
        ...closedLoop('lock', 0, inFlight),
        unit: 'locks/s',
    })),
];
