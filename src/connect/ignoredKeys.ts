import type { ConfigParams } from 'pip-services4-components-node';
import { isOption } from './MemcachedOptions';
import { TLS_KEYS } from './tls/TlsSettings';

/** The container reads these. */
const COMPONENT_KEYS = ['descriptor', 'type'];
/** The framework has two names for some. */
const SECTION_KEYS = new Map([
    ['connection', ['host', 'ip', 'port', 'uri', 'protocol', 'weight', 'discovery_key']],
    ['credential', ['username', 'user', 'password', 'pass', 'store_key', ...TLS_KEYS]],
]);

/** Returns the keys that nothing reads: they are misspelt, or in the wrong place. */
export function ignoredKeys(config: ConfigParams): string[] {
    const given = config.getSectionNames();
    return config.getKeys().filter(key => {
        // A section without keys is a key without a value.
        if (!config.getAsNullableString(key)) return false;
        const [section = '', ...path] = key.split('.');
        if (path.length === 0) return !COMPONENT_KEYS.includes(section);
        // The framework reads `connections` instead of `connection`.
        if (given.includes(`${section}s`)) return true;
        return !isRead(section, path);
    });
}

function isRead(section: string, path: readonly string[]): boolean {
    if (section === 'options') return isOption(path.join('.'));
    // The keys of `connections` and `credentials` have the name of an entry before them.
    const [name, key] = section.endsWith('s') ? [section.slice(0, -1), path.slice(1)] : [section, path];
    return SECTION_KEYS.get(name)?.includes(key.join('.')) ?? false;
}
