// The names that the parts of a pipeline have in the console of their platform.

/** @type {Record<string, Record<string, string>>} */
const WORDS = {
  harness: {
    account: 'Account ID',
    org: 'Organization ID',
    project: 'Project ID',
    pipeline: 'Pipeline ID',
    host: 'Cluster host',
  },
  circleci: {
    org: 'Organization ID',
    project: 'Project ID',
    user: 'User ID',
    'vcs-origin': 'Repository',
    'vcs-ref': 'Branch or tag',
  },
  pulumi: {
    org: 'Organization',
    project: 'Project',
    stack: 'Stack',
    operation: 'Operation',
    environment: 'ESC environment',
    'org-id': 'Organization ID',
    'environment-id': 'ESC environment ID',
  },
  'azure-pipelines': {
    organization: 'Organization',
    project: 'Project',
    connection: 'Service connection',
    pipeline: 'Pipeline',
    'organization-id': 'Organization ID',
    'connection-id': 'Service connection ID',
    'entra-prefix': 'Start of the subject identifier',
    'tenant-id': 'Tenant ID',
  },
  gitlab: { 'project-path': 'Group / project', 'project-id': 'Project ID', branch: 'Branch', tag: 'Tag', server: 'GitLab URL' },
  github: {
    repo: 'Organization / repository',
    'owner-id': 'Organization ID',
    'repository-id': 'Repository ID',
    environment: 'Environment',
    branch: 'Branch',
    tag: 'Tag',
    event: 'Pull request',
    enterprise: 'Enterprise',
    host: 'GitHub host',
  },
  buildkite: {
    'pipeline-id': 'Pipeline UUID',
    'cluster-id': 'Cluster UUID',
    'queue-id': 'Queue UUID',
    'organization-id': 'Organization UUID',
  },
  bitbucket: { workspace: 'Workspace ID', 'workspace-uuid': 'Workspace UUID' },
  'terraform-cloud': {
    organization: 'Organization',
    project: 'Project',
    workspace: 'Workspace',
    'run-phase': 'Run phase',
    host: 'Host name',
  },
  spacelift: {
    space: 'Space ID',
    stack: 'Stack ID',
    module: 'Module ID',
    'run-type': 'Run type',
    scope: 'Scope',
    account: 'Account name',
  },
  semaphore: {
    org: 'Organization',
    project: 'Project ID',
    repo: 'Repository',
    ref: 'Git reference',
    'ref-type': 'Reference type',
  },
  codefresh: {
    account: 'Account ID',
    pipeline: 'Pipeline ID',
    initiator: 'Initiator',
    'scm-repo-url': 'Repository URL',
    'scm-user-name': 'Git user',
    'scm-ref': 'Branch or tag',
    'scm-target': 'Target branch',
  },
  kubernetes: { namespace: 'Namespace', 'service-account': 'Service account', issuer: 'Cluster issuer URL' },
  spiffe: { 'trust-domain': 'Trust domain', path: 'Workload path', issuer: 'Issuer URL' },
  'google-cloud': { 'service-account-id': 'Unique ID of the service account' },
};

/**
 * The name of a part in the platform's console. Undefined if this table lacks it.
 * @param {string} platform
 * @param {string} part
 */
export function wordOf(platform, part) {
  return WORDS[platform]?.[part];
}
