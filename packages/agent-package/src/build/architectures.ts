/** Debian's name of an architecture, and Node's of the same. */
export const nodePlatforms = { amd64: 'linux-x64', arm64: 'linux-arm64' } as const;
export type PackageArchitecture = keyof typeof nodePlatforms;

export const packageArchitectures = Object.keys(nodePlatforms) as PackageArchitecture[];
