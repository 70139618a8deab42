import type { ConfigParams } from 'pip-services4-components-node';
import { isOption } from './MemcachedOptions';
import { TLS_KEYS } from './tls/TlsSettings';

/** The container reads these. */
const OF_COMPONENTS = ['descriptor', 'type'];
/** `ConnectionParams` and `CredentialParams` read these, some by two names, or this package does. */
const OF_CONNECTIONS = ['host', 'ip', 'port', 'uri', 'protocol', 'weight', 'discovery_key'];
const OF_CREDENTIALS = ['username', 'user', 'password', 'pass', 'store_key', ...TLS_KEYS];

/** The keys of a configuration that nothing reads: misspelt, or in the wrong place. */
export function ignoredKeys(config: ConfigParams): string[] {
    const given = config.getSectionNames();
    return config.getKeys().filter(key => {
        // An empty section asks for nothing.
        if (!config.getAsNullableString(key)) return false;
        const [section = '', ...path] = key.split('.');
        if (path.length === 0) return !OF_COMPONENTS.includes(section);
        // The framework reads `connections` in the place of `connection`.
        if (given.includes(`${section}s`)) return true;
        return !isRead(section, path);
    });
}

function isRead(section: string, path: readonly string[]): boolean {
    switch (section) {
        case 'options':
            return isOption(path.join('.'));
        case 'connection':
            return OF_CONNECTIONS.includes(path.join('.'));
        case 'connections':
            return OF_CONNECTIONS.includes(path.slice(1).join('.'));
        case 'credential':
            return OF_CREDENTIALS.includes(path.join('.'));
        case 'credentials':
            return OF_CREDENTIALS.includes(path.slice(1).join('.'));
        default:
            return false;
    }
}
