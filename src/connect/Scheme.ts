/** The ways to find the servers of a connection. `listed` means that it names the servers. */
export type Finding = 'listed' | 'srv' | 'dns' | 'cluster';

/** The meaning of the scheme of a uri, or of `connection.protocol`. */
export interface Scheme {
    readonly finding: Finding;
    readonly isTls: boolean;
}

export const PLAIN: Scheme = { finding: 'listed', isTls: false };

/** Parses the part of a uri before `://`. Returns null for an unknown scheme. */
export function parseScheme(text: string): Scheme | null {
    const [, name, finding = 'listed'] = /^(memcacheds?)(?:\+(srv|dns|cluster))?$/i.exec(text) ?? [];
    if (name === undefined) return null;
    return { finding: finding.toLowerCase() as Finding, isTls: name.toLowerCase() === 'memcacheds' };
}

/** Parses `connection.protocol`: a scheme, `tcp` or `tls`. Returns null for another protocol. */
export function parseProtocol(text: string): Scheme | null {
    if (text === 'tcp') return PLAIN;
    return text === 'tls' ? { finding: 'listed', isTls: true } : parseScheme(text);
}

/** Returns the scheme as it stands in a uri. */
export function formatScheme({ finding, isTls }: Scheme): string {
    const name = isTls ? 'memcacheds' : 'memcached';
    return finding === 'listed' ? name : `${name}+${finding}`;
}
