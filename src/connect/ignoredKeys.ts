import type { ConfigParams } from 'pip-services4-components-node';
import { isOption } from './MemcachedOptions';
import { TLS_KEYS } from './tls/TlsSettings';

/** The keys that the container reads. */
const COMPONENT_KEYS = ['descriptor', 'type'];
/** The keys of each section. The framework has two names for some. */
const SECTION_KEYS = new Map([
    ['connection', ['host', 'ip', 'port', 'uri', 'protocol', 'weight', 'discovery_key']],
    ['credential', ['username', 'user', 'password', 'pass', 'store_key', ...TLS_KEYS]],
]);

/** Returns the misspelt and misplaced keys, which no component reads. */
export function ignoredKeys(config: ConfigParams): string[] {
    return config.getKeys().filter(key => {
        // ConfigParams lists a section without keys as a key without a value.
        if (!config.getAsNullableString(key)) return false;
        const [section = '', ...path] = key.split('.');
        if (path.length === 0) return !COMPONENT_KEYS.includes(section);
        // The framework reads `connections` instead of `connection`, unless it is empty.
        if (config.getSection(`${section}s`).getKeys().length > 0) return true;
        return !isRead(section, path);
    });
}

function isRead(section: string, path: readonly string[]): boolean {
    if (section === 'options') return isOption(path.join('.'));
    // In `connections` and `credentials`, the name of an entry precedes the key.
    const [name, key] = section.endsWith('s') ? [section.slice(0, -1), path.slice(1)] : [section, path];
    return SECTION_KEYS.get(name)?.includes(key.join('.')) ?? false;
}
