import { load } from 'js-yaml';
import {
    Closer,
    ConfigParams,
    Context,
    Descriptor,
    Opener,
    Referencer,
    type References,
} from 'pip-services4-components-node';
import { DefaultConfigFactory, MemoryConfigReader } from 'pip-services4-config-node';
import * as ours from 'pip-services4-memcached-node';
import { parseUri } from '../../../src/connect/ConnectionUri';
import { RecordingLogger } from '../../support/RecordingLogger';
import { read } from '../../docs/markdown';

type Section = { [key: string]: unknown };

const context = Context.fromTraceId('documentation');
const factories = [new ours.DefaultMemcachedFactory(), new DefaultConfigFactory()];
/** The sections of a component. A mapping with these keys is the section of one component. */
const OURS = ['descriptor', 'connection', 'connections', 'credential', 'credentials', 'options'];
/** Components of the framework, which this project does not contain. */
const OTHERS = /^pip-services:(logger|counters|tracer|context-info):/;
/** Sections of other programs, which the test only parses. */
const FOREIGN = ['services', 'apiVersion', 'scrape_configs', 'groups'];

/**
 * Creates, configures, links, opens and closes the components of a configuration like a container.
 * The server of the tests replaces every server in the configuration.
 * Returns the errors and all lines in the log.
 */
export async function openComponents(yaml: string): Promise<string[]> {
    const logger = new RecordingLogger();
    const references = logger.references();
    try {
        const read = load(await fillIn(yaml)) as Section | Section[];
        if (!Array.isArray(read) && Object.keys(read).some(key => FOREIGN.includes(key))) return [];
        const components = (Array.isArray(read) ? read : [asComponent(read)]).flatMap(section =>
            create(section, references),
        );
        Referencer.setReferences(references, components);
        await Opener.open(context, components);
        await Closer.close(context, components);
    } catch (error) {
        return [(error as Error).message];
    }
    return logger.lines;
}

async function fillIn(yaml: string): Promise<string> {
    const reader = new MemoryConfigReader(ConfigParams.fromTuples('yaml', yaml));
    const filled = await reader.readConfig(null, ConfigParams.fromTuples(...Object.entries(process.env).flat()));
    return filled.getAsString('yaml');
}

/** Treats a single section as a cache, which reads every option. */
function asComponent(section: Section): Section {
    const strange = Object.keys(section).find(key => !OURS.includes(key));
    if (strange !== undefined) throw new Error(`unknown section ${strange}: expected a section of a component`);
    return { descriptor: 'pip-services:cache:memcached:default:1.0', connection: { host: 'any' }, ...section };
}

function create(section: Section, references: References): unknown[] {
    const { descriptor, type } = section as { descriptor?: string; type?: string };
    if (type !== undefined) {
        const [name = '', module] = type.split(',');
        if (module === 'pip-services4-memcached-node' && name in ours) return [];
        throw new Error(`unknown type ${type}: expected a component of this package`);
    }
    if (descriptor === undefined) throw new Error('invalid component: expected a descriptor');
    if (OTHERS.test(descriptor)) return [];
    const locator = Descriptor.fromString(descriptor)!;
    const factory = factories.find(one => one.canCreate(locator) !== null);
    if (factory === undefined) throw new Error(`no factory creates ${descriptor}`);
    const component = factory.create(locator) as { configure(config: ConfigParams): void };
    component.configure(ConfigParams.fromValue(toTheTests(section)));
    references.put(locator, component);
    return [component];
}

/**
 * Redirects a section to the server of the tests, which has no login and no TLS.
 * docs/connections.md must document the keys of its connections and credentials.
 */
function toTheTests(section: Section): Section {
    const known = read('docs/connections.md');
    const { MEMCACHED_SERVICE_HOST: host, MEMCACHED_SERVICE_PORT: port } = process.env;
    const changed: Section = {};
    for (const [key, value] of Object.entries(section)) {
        const isPlace = /^(connection|credential)s?$/.test(key);
        if (typeof value !== 'object' || value === null) {
            const isOfPlace = ['protocol', 'username', 'password'].includes(key) || key.startsWith('ssl_');
            if (key === 'uri') {
                parseUri(String(value));
                changed.uri = `memcached://${host}:${port}`;
            } else if (key === 'host') {
                Object.assign(changed, { host, port });
            } else if (key !== 'port' && !isOfPlace) {
                changed[key] = value;
            }
            continue;
        }
        if (isPlace) {
            const inner = key.endsWith('s') ? Object.values(value as Section) : [value];
            for (const name of inner.flatMap(one => Object.keys(one as Section))) {
                if (!new RegExp(`[.\`]${name}\``).test(known))
                    throw new Error(`docs/connections.md does not document ${key}.${name}`);
            }
        }
        const inner = toTheTests(value as Section);
        if (Object.keys(inner).length > 0) changed[key] = inner;
    }
    return changed;
}
