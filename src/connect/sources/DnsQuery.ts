import { promises as dns } from 'node:dns';
import { noConnection, serversNotFound } from '../../component/errors';
import { onAbort } from '../../util/onAbort';

/** Of three silent servers each gets a question before the lookup runs out of time. */
const SETTINGS = { timeout: 1000, tries: 3 };

const CAUSES: Readonly<Record<string, string>> = {
    EREFUSED: 'the DNS server refused the query',
    ESERVFAIL: 'the DNS server failed (SERVFAIL)',
    ETIMEOUT: 'no DNS server answered',
    ECONNREFUSED: 'no DNS server is reachable',
    EBADRESP: 'the DNS server sent a malformed answer',
};

export type RecordType = 'A' | 'AAAA' | 'SRV';
type Records<T extends RecordType> = T extends 'SRV' ? { readonly name: string; readonly port: number }[] : string[];

/**
 * Asks the DNS servers of the system for the records of a name. Rejects without any. A resolver of
 * Node reads the system's settings once, so each query has its own.
 * @throws ConfigException NO_CONNECTION when the name or its records do not exist
 * @throws ConnectionException CONNECT_FAILED when no DNS server gives a usable answer
 */
export async function queryDns<T extends RecordType>(type: T, name: string, signal: AbortSignal): Promise<Records<T>> {
    const resolver = new dns.Resolver(SETTINGS);
    const stopListening = onAbort(signal, () => resolver.cancel());
    try {
        return (await resolver.resolve(name, type)) as Records<T>;
    } catch (error) {
        throw queryFailed(type, name, error as NodeJS.ErrnoException);
    } finally {
        stopListening();
    }
}

function queryFailed(type: RecordType, name: string, { code = '', message }: NodeJS.ErrnoException): Error {
    if (code === 'ENOTFOUND') {
        return noConnection(`DNS has no name ${name} (names must be complete, search domains are not used)`);
    }
    if (code === 'ENODATA') return noConnection(`DNS has no ${type} records of ${name}`);
    return serversNotFound(`DNS query ${type} ${name}: ${CAUSES[code] ?? message}`);
}
