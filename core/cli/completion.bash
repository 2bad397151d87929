# Completion for bash: what a line asks for, told by _leat_value below.

_leat_offer() # what compgen finds for $part, as bash wants it: without what stands before the last =
{
    local found
    while IFS= read -r found; do
        COMPREPLY+=("${found#"$cut"}")
    done < <(compgen -P "$lead" "$@" -- "$part")
}

_leat_offer_files()
{
    local how=filenames
    _leat_offer -f
    ((${#COMPREPLY[@]})) || how=default # bash itself knows quotes and ~
    compopt -o $how 2>/dev/null
}

_leat_line() # the words up to the cursor, into line: bash has cut them at =
{
    local i
    for ((i = 1; i <= COMP_CWORD; i++)); do
        if ((i > 1)) && [[ ${COMP_WORDS[i]} =~ ^=+$ || ${COMP_WORDS[i - 1]} =~ ^=+$ ]]; then
            line[${#line[@]} - 1]+=${COMP_WORDS[i]}
        else
            line+=("${COMP_WORDS[i]}")
        fi
    done
}

_leat_place() # where the last word of line stands, into place
{
    local word ended=
    place=1
    for word in "${line[@]:1:$last - 1}"; do
        if [[ $place == --* ]]; then
            place=$number # it was the option's value
        elif [[ ! $ended && $word == -- ]]; then
            ended=yes
        elif [[ ! $ended && $word == --* ]]; then
            _leat_value "${line[0]}:$word"
            [[ ! $kind ]] || place=$word
        else
            place=$((number += 1))
        fi
    done
    word=${line[last]}
    if [[ ! $ended && $place != --* && $word == -* ]]; then
        place=-
        [[ $word != --*=* ]] || place=${word%%=*} lead=${word%%=*}=
    fi
}

_leat()
{
    local line=() number=1 place='' kind='' words='' lead='' typed=${COMP_WORDS[COMP_CWORD]}
    COMPREPLY=()
    _leat_line
    local last=$((${#line[@]} - 1))
    [[ ! $typed =~ ^=+$ ]] || typed=
    local cut=${line[last]%"$typed"}
    if ((last == 0)); then
        _leat_value :
    elif [[ ${COMP_WORDS[COMP_CWORD - 1]} =~ ^[\<\>]+$ ]]; then
        kind=files
    else
        _leat_place
        _leat_value "${line[0]}:$place"
    fi
    local part=${line[last]#"$lead"}
    if [[ $kind == handler && $part == *=* ]]; then
        kind=files lead+=${part%%=*}= part=${part#*=}
    fi
    case $kind in
    words) _leat_offer -W "$words" ;;
    files) _leat_offer_files ;;
    handler)
        _leat_offer -S = -W "$words"
        compopt -o nospace 2>/dev/null
        ((${#COMPREPLY[@]})) || _leat_offer_files
        ;;
    esac
}

