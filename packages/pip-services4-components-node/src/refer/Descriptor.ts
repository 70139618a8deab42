import { ConfigException } from 'pip-services4-commons-node';

type Part = string | null;

/** The methods by which this class recognizes and reads the descriptors of its copies. */
const getters = ['getGroup', 'getType', 'getKind', 'getName', 'getVersion'] as const;

/**
 * The locator of a component, `group:type:kind:name:version`, for example
 * `pip-services:cache:memory:*:1.0`. A part `*` becomes null.
 */
export class Descriptor {
    private readonly _parts: readonly Part[];

    public constructor(group: Part, type: Part, kind: Part, name: Part, version: Part) {
        this._parts = [group, type, kind, name, version].map(part => (part === '*' ? null : (part ?? null)));
    }
    public getGroup(): Part {
        return this._parts[0] ?? null;
    }
    public getType(): Part {
        return this._parts[1] ?? null;
    }
    public getKind(): Part {
        return this._parts[2] ?? null;
    }
    public getName(): Part {
        return this._parts[3] ?? null;
    }
    public getVersion(): Part {
        return this._parts[4] ?? null;
    }

    /**
     * Returns whether the descriptors match. `*` on either side matches anything. Other parts match
     * the same text only (1.0 is not 1.1).
     */
    public match(descriptor: Descriptor): boolean {
        const others = partsOf(descriptor);
        return this._parts.every((part, i) => part == null || others[i] == null || part === others[i]);
    }

    /** Returns whether the descriptors match, where `*` matches only `*`. */
    public exactMatch(descriptor: Descriptor): boolean {
        const others = partsOf(descriptor);
        return this._parts.every((part, i) => part === others[i]);
    }

    public isComplete(): boolean {
        return this._parts.every(part => part != null);
    }

    /** Returns whether the value is a matching descriptor, of this or another copy of the class. */
    public equals(value: unknown): boolean {
        return isDescriptor(value) && this.match(value);
    }

    public toString(): string {
        return this._parts.map(part => part ?? '*').join(':');
    }

    /**
     * Returns null for an empty string.
     * @throws ConfigException BAD_DESCRIPTOR when there are not five parts
     */
    public static fromString(value: string | null): Descriptor | null {
        if (value == null || value === '') return null;
        const parts = value.split(':').map(part => part.trim());
        if (parts.length !== 5) {
            throw new ConfigException(
                undefined,
                'BAD_DESCRIPTOR',
                `Descriptor ${value} has ${parts.length} parts, it needs five: group:type:kind:name:version`,
            ).withDetails('descriptor', value);
        }
        return new Descriptor(...(parts as [string, string, string, string, string]));
    }
}

/** Returns whether the value has the methods. Packages have copies of the class under any name. */
function isDescriptor(value: unknown): value is Descriptor {
    if (typeof value !== 'object' || value == null) return false;
    return getters.every(getter => typeof (value as Partial<Descriptor>)[getter] === 'function');
}

function partsOf(descriptor: Descriptor): Part[] {
    return getters.map(getter => descriptor[getter]());
}
