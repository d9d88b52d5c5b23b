import type { ComponentTables } from '../aws/imagebuilder/components/tables.ts';
import type { DistributionConfigurationTables } from '../aws/imagebuilder/distribution-configurations/tables.ts';
import type { ImageTables } from '../aws/imagebuilder/images/tables.ts';
import type { InfrastructureConfigurationTables } from '../aws/imagebuilder/infrastructure-configurations/tables.ts';
import type { ImagePipelineTables } from '../aws/imagebuilder/pipelines/tables.ts';
import type { RecipeTables } from '../aws/imagebuilder/recipes/tables.ts';
import type { ResourcePolicyTables } from '../aws/imagebuilder/resource-policies/tables.ts';
import type { ActivationTables } from '../aws/ssm/activations/tables.ts';
import type { CommandTables } from '../aws/ssm/commands/tables.ts';
import type { DocumentTables } from '../aws/ssm/documents/tables.ts';
import type { NodeTables } from '../aws/ssm/instances/tables.ts';
import type { MaintenanceWindowExecutionTables } from '../aws/ssm/maintenance-window-executions/tables.ts';
import type { MaintenanceWindowTargetTables } from '../aws/ssm/maintenance-window-targets/tables.ts';
import type { MaintenanceWindowTaskTables } from '../aws/ssm/maintenance-window-tasks/tables.ts';
import type { MaintenanceWindowTables } from '../aws/ssm/maintenance-windows/tables.ts';
import type { ParameterTables } from '../aws/ssm/parameters/tables.ts';
import type { PatchBaselineTables } from '../aws/ssm/patch-baselines/tables.ts';
import type { PatchGroupTables } from '../aws/ssm/patch-groups/tables.ts';
import type { PatchSnapshotTables } from '../aws/ssm/patch-snapshots/tables.ts';
import type { TagTables } from '../aws/ssm/tags/tables.ts';
import type { IdentityTables } from '../identity/tables.ts';
import type { OperationTables } from '../operations/tables.ts';
import type { ArchiveWatchTables } from '../patchbay/archive-watches/tables.ts';
import type { ChangeFreezeTables } from '../patchbay/change-freezes/tables.ts';
import type { FactsTables } from '../patchbay/facts/tables.ts';
import type { ImageFreshnessTables } from '../patchbay/image-freshness/tables.ts';
import type { ImageNodeTables } from '../patchbay/image-nodes/tables.ts';
import type { OverrideTables } from '../patchbay/overrides/tables.ts';
import type { PatchOperationTables } from '../patchbay/patch-operations/tables.ts';
import type { PatchPlanTables } from '../patchbay/patch-plans/tables.ts';
import type { PlanTables } from '../patchbay/plans/tables.ts';
import type { SettingsTables } from '../patchbay/settings/tables.ts';
import type { VerdictTables } from '../patchbay/verdicts/tables.ts';
import type { TlsTables } from '../tls/tables.ts';

/** The tables of the features. Each declares its own and alone writes them. */
export type FeatureTables = IdentityTables &
  OperationTables &
  ActivationTables &
  NodeTables &
  TagTables &
  PatchBaselineTables &
  PatchGroupTables &
  PatchSnapshotTables &
  CommandTables &
  MaintenanceWindowTables &
  MaintenanceWindowTargetTables &
  MaintenanceWindowTaskTables &
  MaintenanceWindowExecutionTables &
  ChangeFreezeTables &
  ParameterTables &
  DocumentTables &
  FactsTables &
  OverrideTables &
  PatchOperationTables &
  PlanTables &
  PatchPlanTables &
  TlsTables &
  ArchiveWatchTables &
  SettingsTables &
  VerdictTables &
  InfrastructureConfigurationTables &
  ImageTables &
  ImageFreshnessTables &
  ImageNodeTables &
  ComponentTables &
  ResourcePolicyTables &
  DistributionConfigurationTables &
  ImagePipelineTables &
  RecipeTables;
