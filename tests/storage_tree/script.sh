#!/bin/bash
# What people write by hand to make a registry's tree of a downloaded folder, with all the mistakes that go with it.
# Arguments: the folder, the tree's beginning, the image's name, its tag, and how it looks for gzip: "always" or "really".
source_dir=$1 registry_root=$2 image_name=$3 image_tag=$4 looks=$5

blobs=$registry_root/blobs/sha256
repo_path=$registry_root/repositories/$image_name
layers=$repo_path/_layers/sha256
manifests=$repo_path/_manifests/revisions/sha256

is_gzip() { [ "$looks" = always ] || [ "$(head -c 2 "$1" | od -An -tx1 | tr -d ' ')" = 1f8b ]; }

for f in "$source_dir"/sha256*; do
    bn=$(basename "$f")
    sha256=$(echo "$bn" | cut -c9-)
    first2=$(echo "$sha256" | cut -c-2)
    mkdir -p "$blobs/$first2/$sha256"
    cp "$f" "$blobs/$first2/$sha256/data"
    if is_gzip "$f"; then
        mkdir -p "$layers/sha256/$sha256"
        echo "sha256:$sha256" > "$layers/sha256/$sha256/link"
    else
        mkdir -p "$manifests"
        echo "sha256:$sha256" > "$manifests/link"
    fi
done

man_sha256=$(sha256sum "$source_dir/manifest.json")
first2=$(echo "$man_sha256" | cut -c-2)
mkdir -p "$blobs/$first2/$man_sha256"
cp "$source_dir/manifest.json" "$blobs/$first2/$man_sha256/data"

mkdir -p "$manifests/$man_sha256"
echo "sha256:$man_sha256" > "$manifests/$man_sha256/link"

mkdir -p "$repo_path/_manifests/tags/$image_tag/current" "$repo_path/_manifests/tags/$image_tag/index/sha256/$man_sha256"
echo "sha256:$man_sha256" > "$repo_path/_manifests/tags/$image_tag/index/sha256/$man_sha256/link"
echo "sha256:$man_sha256" > "$repo_path/_manifests/tags/$image_tag/current/link"
