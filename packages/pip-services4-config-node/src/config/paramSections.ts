import type { ConfigParams } from 'pip-services4-components-node';

/**
 * Returns the sections of the plural key (`connections.<name>.*`), or else the single section
 * (`connection.*`).
 */
export function paramSections(config: ConfigParams, plural: string, singular: string): ConfigParams[] {
    const many = config.getSection(plural);
    if (many.length() > 0) return many.getSectionNames().map(name => many.getSection(name));
    const one = config.getSection(singular);
    return one.length() > 0 ? [one] : [];
}
