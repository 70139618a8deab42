import { isIP } from 'node:net';
import { parseWholeNumber } from '../../util/parse';
import { isHostName } from './hostNames';

/** The servers of a cluster, and the version of their list. */
export interface ClusterList {
    readonly version: bigint;
    readonly servers: readonly { readonly host: string; readonly port: number }[];
}

const END = /\nEND\r?\n/;

/**
 * Returns whether all of a reply to `config get cluster` has arrived. Only `END` tells. Some servers
 * send a wrong length. Other replies, such as errors, have one line.
 */
export function isCompleteReply(text: string): boolean {
    return text.startsWith('CONFIG ') ? END.test(text) : text.includes('\n');
}

/** Returns the first line of a reply, as a message may quote it. */
export function firstLine(text: string): string {
    return /^[^\r\n]{0,80}/.exec(text)![0].replace(/[^\x20-\x7e]/g, '?');
}

/**
 * Parses a complete reply. A list is one line of `host|ip|port`, with spaces between. Throws with
 * the problem.
 *
 *     CONFIG cluster 0 <length>\r\n
 *     <version>\n
 *     host|ip|port host|ip|port\n
 *     \r\n
 *     END\r\n
 */
export function parseClusterReply(text: string): ClusterList {
    if (!text.startsWith('CONFIG cluster ')) throw new Error(`expected CONFIG cluster, not "${firstLine(text)}"`);
    const [, version, list, ...rest] = text.slice(0, text.search(END)).split(/\r?\n/);
    if (version === undefined || !/^\d{1,20}$/.test(version)) throw new Error('expected a version in the second line');
    if (list === undefined || list.trim() === '') throw new Error('expected servers in the third line');
    if (rest.some(line => line.trim() !== '')) throw new Error('expected END after the servers');
    return { version: BigInt(version), servers: list.trim().split(/ +/).map(parseServer) };
}

/** Parses by position: the name of a server may begin with a digit, and its address may be absent. */
function parseServer(text: string, index: number): { host: string; port: number } {
    const [name = '', ip = '', portText = '', ...rest] = text.split('|');
    const host = name || ip;
    const port = parseWholeNumber(portText, 1, 65535);
    if (rest.length > 0 || port === undefined || !(isHostName(host) || isIP(host) !== 0)) {
        throw new Error(`expected host|ip|port as server ${index + 1}`);
    }
    return { host, port };
}
