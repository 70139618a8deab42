import type { ApplicationException } from 'pip-services4-commons-node';
import { ERROR_CODES } from 'pip-services4-memcached-node';
import * as cache from '../../../src/cache/model/errors';
import * as client from '../../../src/client/model/errors';
import { Outcome } from '../../../src/client/protocol/Protocol';
import * as protocol from '../../../src/client/protocol/replyErrors';
import * as connect from '../../../src/component/errors';
import * as lock from '../../../src/lock/errors';

type Maker = (...values: never[]) => ApplicationException;
type Made<Module> = { [K in keyof Module as Module[K] extends Maker ? K : never]: ApplicationException[] };
type Modules = {
    client: typeof client;
    protocol: typeof protocol;
    connect: typeof connect;
    cache: typeof cache;
    lock: typeof lock;
};

const cause = new Error('cause');

/**
 * Calls every error function once or more. The compiler requires an entry for each error function
 * of these modules.
 */
const made: { [M in keyof Modules]: Made<Modules[M]> } = {
    client: {
        casDisabled: [client.casDisabled('a:1')],
        connectFailed: [client.connectFailed(new Map()), client.connectFailed(new Map([['a:1', cause]]))],
        connectionLost: [client.connectionLost('a:1', cause)],
        counterContended: [client.counterContended('a:1', 10)],
        encodeFailed: [client.encodeFailed('a:1', cause)],
        invalidAmount: [client.invalidAmount(-1)],
        invalidBatch: [client.invalidBatch('cause')],
        invalidCas: [client.invalidCas(0n)],
        invalidCallback: [client.invalidCallback(5)],
        invalidCallOptions: [client.invalidCallOptions(60, ['expires'])],
        invalidClientOption: [client.invalidClientOption('retries', 'whole numbers')],
        invalidClientOptions: [client.invalidClientOptions(null)],
        invalidFlags: [client.invalidFlags(-1)],
        invalidKey: [client.invalidKey('cause')],
        invalidLogin: [client.invalidLogin('a:1', 'a user name')],
        invalidServers: [client.invalidServers('servers', 'a list')],
        invalidTimeout: [client.invalidTimeout('1'), client.invalidTimeout(NaN)],
        invalidTtl: [client.invalidTtl(-1)],
        invalidWeight: [client.invalidWeight('a:1', 0)],
        invalidWeights: [client.invalidWeights()],
        lockBehindProxy: [client.lockBehindProxy('a:1')],
        notOpened: [client.notOpened()],
        notSerializable: [client.notSerializable('cause')],
        overloaded: [client.overloaded('a:1')],
        serverDown: [client.serverDown('a:1', null)],
        timedOut: [client.timedOut('a:1', 1)],
        unreadableCallOptions: [client.unreadableCallOptions(cause), client.unreadableCallOptions(5)],
        unknownCallOption: [client.unknownCallOption('ttl', ['expires'])],
        valueTooLarge: [client.valueTooLarge(2, 1)],
    },
    protocol: {
        authFailed: [protocol.authFailed('a:1')],
        authFailedBefore: [protocol.authFailedBefore('a:1', cause)],
        loginRequired: [protocol.loginRequired('a:1')],
        loginUnknown: [protocol.loginUnknown('a:1')],
        loginWrong: [protocol.loginWrong('a:1')],
        rejected: Object.values(Outcome).map(outcome => protocol.rejected('a:1', outcome, '0x01')),
    },
    connect: {
        incompleteLogin: [connect.incompleteLogin('password', 'user name')],
        invalidConnection: [connect.invalidConnection('weight 0', 'an integer')],
        invalidCredential: [connect.invalidCredential('credential.ssl_ca_file', 'malformed')],
        invalidOption: [connect.invalidOption('retries', '-1', 'whole numbers')],
        noConnection: [connect.noConnection('cause')],
        noCredential: [connect.noCredential('cause')],
        serversNotFound: [connect.serversNotFound('cause')],
        sharedNotOpened: [connect.sharedNotOpened()],
    },
    cache: {
        batchFailed: [cache.batchFailed(new Map([['k', cause]]), new Map(), 2)],
        invalidCountOptions: [cache.invalidCountOptions('ttl')],
        invalidFunction: [cache.invalidFunction('change', 1)],
        invalidLoadOption: [cache.invalidLoadOption('jitter', 'a number')],
        loadTimeout: [cache.loadTimeout('k', 1)],
        noPrefix: [cache.noPrefix()],
        notText: [cache.notText('the value')],
        updateConflict: [cache.updateConflict('k', 0, 1), cache.updateConflict('k', 1, 1)],
    },
    lock: {
        invalidLockOption: [lock.invalidLockOption('signal', 'an AbortSignal')],
        invalidLockTtl: [lock.invalidLockTtl(-1, 1000)],
        invalidWork: [lock.invalidWork(undefined)],
        lockLost: [lock.lockLost('k')],
        lockTimeout: [lock.lockTimeout('k', 1)],
    },
};
const byMaker = Object.values(made).flatMap(module => Object.entries<ApplicationException[]>(module));

it('has an error function for every code, and a code for every error function', () => {
    const codes = new Set(byMaker.flatMap(([, errors]) => errors.map(({ code }) => code)));
    expect([...codes].sort()).toEqual(Object.keys(ERROR_CODES).sort());
});

it.each(byMaker)('assigns the class of its code to every exception of %s', (_maker, errors) => {
    const classes = errors.map(({ code }) => ERROR_CODES[code as keyof typeof ERROR_CODES]);
    expect(errors.map(error => error.constructor.name)).toEqual(classes);
});
