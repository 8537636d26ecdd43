"""All metadata of the distribution; ``pyproject.toml`` holds only the settings of tools."""

from __future__ import annotations

import ast
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).resolve().parent

# ai-edge-litert has wheels for 64-bit Linux only; 32-bit ARM is left with tflite-runtime, whose
# last release knows neither NumPy 2 nor a Python newer than 3.11. A 32-bit system on a 64-bit
# kernel is aarch64 to a marker: firmware_config/install.sh sees through that.
SIXTY_FOUR_BIT = "platform_machine == 'x86_64' or platform_machine == 'aarch64'"
THIRTY_TWO_BIT_ARM = "platform_machine == 'armv7l'"

TFLITE = [
    "tflite-runtime==2.14.0; python_version < '3.12'",
    "numpy<2; python_version < '3.12'",
]

# Both ends of each range are tested: script/test installs the lower ends (script/oldest.txt)
# in one environment and the newest releases in another.
BASE = [
    "numpy>=1.24,<3",
    "soundfile>=0.12.1,<1",
    f"ai-edge-litert>=2.1.6,<3; {SIXTY_FOUR_BIT}",
    f"tflite-runtime==2.14.0; {THIRTY_TWO_BIT_ARM}",
    f"numpy<2; {THIRTY_TWO_BIT_ARM}",
]

PI = [
    "PyAudio>=0.2.14,<0.3",
    "gpiozero>=2.0.1,<3",
    # Python 3.13 and 32-bit ARM have no wheel of it; Raspberry Pi OS has python3-lgpio.
    f"lgpio>=0.2.2.0,<0.3; python_version < '3.13' and ({SIXTY_FOUR_BIT})",
]

# The caregiver's side: the web page, the messages.
CARE = [
    "flask>=3.0,<4",
    "werkzeug>=3.0.1,<4",
    "markupsafe>=2.1.3,<4",
    "cheroot>=10.0.1,<12",
    "paho-mqtt>=2.1,<3",
    "apprise>=1.8,<2",
]

PLOT = ["matplotlib>=3.8,<4"]

# One tested set, not ranges: converter, Keras and NumPy decide together which operators the model
# file has, and only this set was measured. TensorFlow 2.19 has no wheel for Python 3.13.
TRAINER = [
    "tensorflow-cpu==2.19.1; platform_machine == 'x86_64'",
    "tensorflow==2.19.1; platform_machine == 'aarch64'",
    "keras==3.15.1",
    "numpy==1.26.4",
    "librosa==0.11.0",
    "scipy>=1.10,<2",
    "audiomentations>=0.42,<0.44",
    "soundfile>=0.12.1,<1",
    "joblib>=1.4,<2",
    "threadpoolctl>=3.5,<4",
    "jinja2>=3.1.4,<4",
    "markupsafe>=2.1,<4",
    "tomli_w>=1.0,<2",
    "tensorboard>=2.19,<2.20",
    "optuna>=5,<6",
    "sqlalchemy>=2.0,<3",
    "tqdm>=4.66,<5",
    *PLOT,
]

# Extraction on other machines: `--dask ADDRESS`.
DASK = ["dask>=2025.2", "distributed>=2025.2"]

TEST = [
    "pytest>=8.4,<10",
    "hypothesis>=6.100,<7",
    "packaging",
    "scipy>=1.10,<2",
    "setuptools>=77",
    "tzdata>=2024.1",  # a bare system has no zones
]

# The playbooks in firmware_config/ansible are tested with Ansible itself.
ANSIBLE = ["ansible-core>=2.16,<2.20", "ansible-lint>=25,<27"]

# The page in a browser, its rules for everybody's eyes, its API against its description.
PAGE_TEST = [
    "playwright>=1.45,<2",
    "axe-playwright-python>=0.1.4,<0.2",
    "schemathesis>=4,<5",
    "openapi-spec-validator>=0.7,<0.10",
    "babel>=2.14,<3",
]

LINTERS = ["ruff==0.17.5", "mypy>=2.4,<3", "import-linter>=2.6,<3"]
DEV = [*TEST, "pexpect>=4.9,<5", *LINTERS, *ANSIBLE, *PAGE_TEST]

# The peers of benchmarks/. torchaudio is left to whoever wants it: it brings gigabytes.
BENCH = [
    "pytest-benchmark>=5.1,<6",
    "librosa==0.11.0",
    "python_speech_features>=0.6,<0.7",
    "kaldi-native-fbank>=1.22,<2",
    "spafe>=0.3.3,<0.4",
]


def version() -> str:
    """Read ``__version__`` from ``edge/__init__.py`` without importing it."""
    tree = ast.parse((HERE / "edge" / "__init__.py").read_text(encoding="utf-8"))
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="__version__")], value=ast.Constant(value=str(v))):
                return v
    raise SystemExit("edge/__init__.py assigns no string to __version__")


setup(
    name="speech-emotion-edge",
    version=version(),
    description="Hears how a voice sounds, on a Raspberry Pi; shows it on LEDs, keeps no sound.",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license_expression="Apache-2.0",
    license_files=["LICENSE", "NOTICE"],
    keywords="speech emotion recognition raspberry-pi tflite edge gpio",
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Multimedia :: Sound/Audio :: Analysis",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
    python_requires=">=3.11,<3.14",
    packages=find_packages(include=["edge", "edge.*", "trainer", "trainer.*"]),
    package_data={
        "edge": [
            "models/*.tflite",
            "samples/*.flac",
            "config/*.toml",
            "py.typed",
            "dashboard/templates/*",
            "dashboard/static/*",
            "dashboard/*.json",
            "dashboard/translations/*/LC_MESSAGES/*.mo",
        ],
        "trainer": [
            "recipes/*.toml",
            "recipes/spaces/*.toml",
            "report/templates/*.*",
            "report/templates/sections/*",
            "studio/*.toml",
        ],
    },
    install_requires=BASE,
    extras_require={
        "pi": PI,
        "care": CARE,
        "tflite": TFLITE,
        "plot": PLOT,
        "trainer": TRAINER,
        "dask": DASK,
        "test": TEST,
        "dev": DEV,
        "bench": BENCH,
    },
    entry_points={
        "console_scripts": ["ser-edge = edge.cli:main", "ser-trainer = trainer.cli:main"],
    },
)
