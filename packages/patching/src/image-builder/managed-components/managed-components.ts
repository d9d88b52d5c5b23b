import type { SemanticVersion } from '../versions/semantic-version.ts';

/** A component that comes with Patchbay, under the owner `aws`, as those of Amazon do. One that was released never changes. */
export interface ManagedComponent {
  /** As ARNs write it, which is also its name. */
  readonly name: string;
  readonly version: SemanticVersion;
  readonly build: number;
  readonly description: string;
  readonly dateCreated: string;
  /** The document, in YAML. */
  readonly data: string;
}

const first = { version: { major: 1, minor: 0, patch: 0 }, build: 1, dateCreated: '2026-11-22T00:00:00.000Z' } as const;

const updateLinux = `name: update-linux
description: Installs the updates of the operating system, as far as the patch baseline of the image approves them.
schemaVersion: 1.0
phases:
  - name: build
    steps:
      - name: UpdateOperatingSystem
        action: UpdateOS
`;

const helloWorldLinux = `name: hello-world-linux
description: Prints a greeting in each stage. It shows that components run, and changes nothing.
schemaVersion: 1.0
phases:
  - name: build
    steps:
      - name: GreetInBuild
        action: ExecuteBash
        inputs:
          commands:
            - echo "Hello from the build phase."
  - name: validate
    steps:
      - name: GreetInValidate
        action: ExecuteBash
        inputs:
          commands:
            - echo "Hello from the validate phase."
  - name: test
    steps:
      - name: GreetInTest
        action: ExecuteBash
        inputs:
          commands:
            - echo "Hello from the test phase."
`;

// A container does not boot: what can be shown is that its basic programs run and that its packages are whole.
const simpleBootTestLinux = `name: simple-boot-test-linux
description: Shows that the basic programs of an image run, that its packages are whole, and that it says what system it is.
schemaVersion: 1.0
phases:
  - name: test
    steps:
      - name: ShellRuns
        action: ExecuteBinary
        inputs:
          path: /bin/sh
          arguments:
            - -c
            - exit 0
      - name: PackagesAreWhole
        action: ExecuteBinary
        inputs:
          path: /bin/sh
          arguments:
            - -c
            - problems=$(dpkg --audit) || exit 1; if [ -n "$problems" ]; then echo "$problems"; exit 1; fi
      - name: SystemHasName
        action: ExecuteBinary
        inputs:
          path: /bin/sh
          arguments:
            - -c
            - . /etc/os-release && test -n "$ID"
`;

/** Every version of every managed component. */
export const managedComponents: readonly ManagedComponent[] = [
  {
    ...first,
    name: 'update-linux',
    description:
      'Installs the updates of the operating system, as far as the patch baseline of the image approves them.',
    data: updateLinux,
  },
  {
    ...first,
    name: 'hello-world-linux',
    description: 'Prints a greeting in each stage. It shows that components run, and changes nothing.',
    data: helloWorldLinux,
  },
  {
    ...first,
    name: 'simple-boot-test-linux',
    description:
      'Shows that the basic programs of an image run, that its packages are whole, and that it says what system it is.',
    data: simpleBootTestLinux,
  },
];
