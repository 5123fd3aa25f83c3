<#
.SYNOPSIS
Installs azure-oidc on Windows for the current user: downloads the archive, verifies it, and puts the program into a folder.

.DESCRIPTION
SHA256SUMS has the digest of each archive, and minisign signs SHA256SUMS. Where minisign is not installed, the signature
is not verified; with -RequireSignature that is an error. For Windows PowerShell 5.1 and PowerShell 7.

Variables: AZURE_OIDC_RELEASES says where releases are (https://..., or file:///... for a copy),
AZURE_OIDC_RELEASE_KEY is the minisign key of your own copies.

.PARAMETER Version
The version to install.

.PARAMETER Dir
The folder for the program.

.PARAMETER RequireSignature
Fail unless the signature was verified.

.EXAMPLE
powershell -ExecutionPolicy Bypass -File install.ps1 -Dir C:\tools
#>
[CmdletBinding()]
param(
    # install.sh has the same version, address and key; a test compares them.
    [string] $Version = '0.1.0',
    [string] $Dir = '',
    [switch] $RequireSignature
)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
# The progress bar makes downloads many times slower in Windows PowerShell.
$ProgressPreference = 'SilentlyContinue'

$releases = 'https://github.com/YOUR_ORG/azure-oidc/releases/download'
$key = 'YOUR_MINISIGN_KEY'
if ($env:AZURE_OIDC_RELEASES) { $releases = $env:AZURE_OIDC_RELEASES }
if ($env:AZURE_OIDC_RELEASE_KEY) { $key = $env:AZURE_OIDC_RELEASE_KEY }

# Ends with what happened, and one thing to do.
function Stop-Installation([string] $Message, [string] $Hint) {
    [Console]::Error.WriteLine("install.ps1: error: $Message")
    if ($Hint) { [Console]::Error.WriteLine("install.ps1: hint: $Hint") }
    exit 1
}

# Downloads a file of the release.
function Get-ReleaseFile([string] $Name) {
    $from = "$releases/v$Version/$Name"
    $to = Join-Path $work $Name
    try {
        if ($from -like 'file:///*') {
            Copy-Item -LiteralPath ([Uri] $from).LocalPath -Destination $to
        } else {
            Invoke-WebRequest -UseBasicParsing -Uri $from -OutFile $to -TimeoutSec 600
        }
    } catch {
        Stop-Installation "$from cannot be downloaded: $($_.Exception.Message)" 'check the network, the proxy and that this version exists'
    }
    return $to
}

# Verifies the signature of SHA256SUMS, or says why nobody did.
function Test-Signature([string] $Sums) {
    $reason = ''
    if ($key -like 'YOUR_*') { $reason = 'this copy of install.ps1 has no release key' }
    elseif (-not (Get-Command minisign -ErrorAction SilentlyContinue)) { $reason = 'minisign is not installed' }
    if ($reason) {
        if ($RequireSignature) { Stop-Installation "the signature cannot be verified: $reason" 'install minisign, and set AZURE_OIDC_RELEASE_KEY for your own copies' }
        Write-Output "not verified: the signature of SHA256SUMS, because $reason"
        return
    }
    # Whoever could change SHA256SUMS could remove its signature: a missing one is as bad as a wrong one.
    $signature = Get-ReleaseFile 'SHA256SUMS.minisig'
    & minisign -V -q -P $key -m $Sums -x $signature | Out-Null
    if ($LASTEXITCODE -ne 0) { Stop-Installation "SHA256SUMS is not signed with the release key $key" 'do not use these files; tell who published them' }
    $comment = @(Get-Content -LiteralPath $signature | Where-Object { $_ -like 'trusted comment: *' })[0].Substring(17)
    if ($comment -cne "azure-oidc $Version") { Stop-Installation "the signature is for '$comment' and not for azure-oidc $Version" 'do not use these files; tell who published them' }
    Write-Output 'verified: the signature of SHA256SUMS (with minisign)'
}

if ($PSVersionTable.PSVersion.Major -ge 6 -and -not $IsWindows) { Stop-Installation 'this is not Windows' 'run install.sh' }
if ($Version -cnotmatch '^v?[0-9][0-9A-Za-z.+-]*$') { Stop-Installation "'$Version' is no version" 'give one such as 0.1.0' }
$Version = $Version -replace '^v', ''
$releases = $releases.TrimEnd('/')
if ($releases -like '*YOUR_ORG*') { Stop-Installation 'this copy of install.ps1 does not know where releases are' 'set AZURE_OIDC_RELEASES' }
if ($releases -notmatch '^(https://|file:///|http://(127\.0\.0\.1|localhost)[:/])') { Stop-Installation "AZURE_OIDC_RELEASES is '$releases', which is no address with https://" 'give https://... or file:///...' }
# ARM64 runs this program too, by Windows' own emulation.
$processor = if ($env:PROCESSOR_ARCHITEW6432) { $env:PROCESSOR_ARCHITEW6432 } else { $env:PROCESSOR_ARCHITECTURE }
if ($processor -notin 'AMD64', 'ARM64') { Stop-Installation "there is no azure-oidc for the processor $processor" 'build it: cargo install --locked --path host' }
if (-not $Dir) { $Dir = Join-Path $env:LOCALAPPDATA 'Programs\azure-oidc' }
[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12

$name = "azure-oidc-$Version-windows-amd64"
# In the target's folder, so that the last step is a rename: all or nothing.
$work = Join-Path $Dir ('.azure-oidc.' + [IO.Path]::GetRandomFileName())
try { New-Item -ItemType Directory -Force -Path $work | Out-Null }
catch { Stop-Installation "the folder $Dir cannot be written: $($_.Exception.Message)" 'name another one: -Dir FOLDER' }
try {
    $sums = Get-ReleaseFile 'SHA256SUMS'
    Test-Signature $sums
    # A line is the digest, two spaces and the name.
    $line = @(Get-Content -LiteralPath $sums | Where-Object { $_ -cmatch "^[0-9a-f]{64}  $([Regex]::Escape("$name.zip"))$" })
    if ($line.Count -ne 1) { Stop-Installation "SHA256SUMS of version $Version does not name $name.zip" 'choose another version: -Version VERSION' }
    $wanted = $line[0].Substring(0, 64)
    $archive = Get-ReleaseFile "$name.zip"
    $is = (Get-FileHash -Algorithm SHA256 -LiteralPath $archive).Hash.ToLowerInvariant()
    if ($is -cne $wanted) { Stop-Installation "$name.zip has the digest $is and not ${wanted}: it is damaged, or somebody changed it" 'run install.ps1 again; if that does not help, tell who published it' }
    Write-Output "verified: the SHA-256 digest of $name.zip"

    Expand-Archive -LiteralPath $archive -DestinationPath $work
    $program = Join-Path (Join-Path $work $name) 'azure-oidc.exe'
    # It runs before it replaces anything.
    $says = @(& $program --version)[0]
    if ($says -cne "azure-oidc $Version") { Stop-Installation "the program says that it is '$says'" 'tell who published it' }
    $target = Join-Path $Dir 'azure-oidc.exe'
    try {
        if (Test-Path -LiteralPath $target) { [IO.File]::Replace($program, $target, [NullString]::Value) } else { [IO.File]::Move($program, $target) }
    } catch { Stop-Installation "$target cannot be replaced: $($_.Exception.Message)" 'end every azure-oidc that runs' }
    Write-Output "installed: $target, version $Version"
    if ((";$env:PATH;").IndexOf(";$Dir;", [StringComparison]::OrdinalIgnoreCase) -lt 0) { Write-Output "hint: add the folder to PATH: `$env:PATH = '$Dir;' + `$env:PATH" }
} finally {
    Remove-Item -LiteralPath $work -Recurse -Force -ErrorAction SilentlyContinue
}
